#include "shm/index.h"

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "cmocka.h"

using edge::Hash128;
using namespace edge::shm;

namespace {

// Nodes of one block each, of which only the index is interested.
struct TestIndex
{
    explicit TestIndex(std::uint64_t seed, std::size_t count = 4096)
        : buckets(1024), memory(static_cast<std::byte *>(std::aligned_alloc(
                             kBlockSize, count * kBlockSize))),
          nodes(memory), index(buckets, seed, nodes)
    {
        index.clear();
    }
    ~TestIndex() { std::free(memory); }
    TestIndex(const TestIndex &) = delete;
    TestIndex &operator=(const TestIndex &) = delete;

    void insert(Block block, const Hash128 &hash, const Hash128 &resource)
    {
        nodes[block].hash = hash;
        nodes[block].resource = resource;
        index.insert(block);
    }

    std::size_t chain_length(const Index::Bucket &bucket) const
    {
        std::size_t length = 0;
        for (Block block = bucket.objects; block != kNone;
             block = nodes[block].chain_next) {
            length++;
        }
        return length;
    }

    std::size_t longest_chain() const
    {
        std::size_t longest = 0;
        for (const Index::Bucket &bucket : buckets) {
            longest = std::max(longest, chain_length(bucket));
        }
        return longest;
    }

    std::vector<Index::Bucket> buckets;
    std::byte *memory;
    Nodes nodes;
    Index index;
};

// `count` hashes of the first bucket under that index's seed.
std::vector<Hash128> flood(const TestIndex &target, std::size_t count)
{
    std::vector<Hash128> hashes;
    for (std::uint64_t i = 0; hashes.size() < count; i++) {
        if (target.index.belongs(target.index.buckets()[0], {i, 0})) {
            hashes.push_back({i, 0});
        }
    }
    return hashes;
}

void hashes_made_for_one_bucket_are_spread_by_another_seed(void **)
{
    TestIndex known(1);
    TestIndex secret(2);
    Block block = 0;
    for (const Hash128 &hash : flood(known, 1000)) {
        known.insert(block, hash, hash);
        secret.insert(block, hash, hash);
        block++;
    }
    assert_int_equal(known.longest_chain(), 1000);
    assert_true(secret.longest_chain() <= 10);
}

void each_of_a_long_chain_is_found_and_erased(void **)
{
    TestIndex t(1);
    const std::vector<Hash128> hashes = flood(t, 50);
    for (Block block = 0; block < 50; block++) {
        t.insert(block, hashes[block], hashes[block]);
    }
    for (Block block : {0u, 49u, 20u, 21u}) {
        assert_int_equal(t.index.find(hashes[block]), block);
        t.index.erase(block);
        assert_int_equal(t.index.find(hashes[block]), kNone);
    }
    assert_int_equal(t.longest_chain(), 46);
    assert_int_equal(t.index.find(hashes[48]), 48);
}

void variants_of_resources_that_share_a_bucket_are_kept_apart(void **)
{
    TestIndex t(1);
    const std::vector<Hash128> resources = flood(t, 3);
    for (Block block = 0; block < 30; block++) {
        t.insert(block, {block, 77}, resources[block % 3]);
    }
    for (Block block : {0u, 29u, 15u, 16u}) {
        t.index.erase(block);
    }
    Block expected = 28;
    for (Block block = t.index.first_variant(resources[1]); block != kNone;
         block = t.index.next_variant(block)) {
        assert_int_equal(block, expected);
        expected = expected == 19 ? 13 : expected - 3;
    }
    assert_int_equal(expected, static_cast<Block>(-2));
    assert_int_equal(t.index.first_variant({1, 1}), kNone);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(hashes_made_for_one_bucket_are_spread_by_another_seed),
        cmocka_unit_test(each_of_a_long_chain_is_found_and_erased),
        cmocka_unit_test(
            variants_of_resources_that_share_a_bucket_are_kept_apart),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
