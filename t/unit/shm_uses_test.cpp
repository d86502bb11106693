// How often objects were found.
#include "shm_tier.h"

#include <algorithm>
#include <utility>
#include <vector>

using namespace edge_test;

namespace {

std::vector<std::pair<std::uint64_t, std::uint32_t>> told(MemoryTier &tier)
{
    std::vector<std::pair<std::uint64_t, std::uint32_t>> uses;
    const auto add = [](void *to, const edge::cache::Used &used) {
        static_cast<decltype(uses) *>(to)->push_back(
            {used.hash.lo ^ 0x5bd1e9955bd1e995, used.uses});
    };
    const std::size_t half = tier.bucket_count() / 2;
    tier.tell_uses(0, half, add, &uses);
    tier.tell_uses(half, tier.bucket_count(), add, &uses);
    std::ranges::sort(uses);
    return uses;
}

void each_use_is_told_once(void **)
{
    TestTier t;
    for (std::uint64_t name = 1; name <= 4; name++) {
        ObjectSpec spec = spec_of(name, {10, 10});
        spec.is_counted = name != 4;
        assert_true(store(t.tier, spec, t.ann, 1));
        for (std::uint64_t i = 1; i < name; i++) {
            assert_true(hit(t.tier, name, t.ann));
        }
    }
    const auto peeked = t.tier.peek(hash_of(1), t.ann, at(0));
    t.tier.unpin(std::get<PinnedObject>(peeked).pin());
    const std::vector<std::pair<std::uint64_t, std::uint32_t>> twice_and_once =
        {{2, 1}, {3, 2}};
    assert_true(told(t.tier) == twice_and_once);
    assert_true(told(t.tier).empty());
}

void uses_outlive_a_replacement_and_have_an_end(void **)
{
    TestTier t;
    store(t.tier, spec_of(1, {10, 10}), t.ann, 1);
    for (int i = 0; i < 70000; i++) {
        hit(t.tier, 1, t.ann);
    }
    store(t.tier, spec_of(1, {10, 20}), t.ann, 2);
    const auto uses = told(t.tier);
    assert_int_equal(uses.size(), 1);
    assert_int_equal(uses[0].second, Node::kMostUses);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(each_use_is_told_once),
        cmocka_unit_test(uses_outlive_a_replacement_and_have_an_end),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
