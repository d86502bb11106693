#include "shm/use_counts.h"

#include <string>
#include <vector>

#include "cmocka.h"

using namespace edge;
using namespace edge::shm;

namespace {

Hash128 name(std::uint64_t number)
{
    static const HashSecret secret;
    return hash128(std::to_string(number), secret);
}

struct Counts
{
    explicit Counts(std::size_t count) : blocks(count) {}

    unsigned add(std::uint64_t number)
    {
        return UseCounts(blocks, uses).add(name(number));
    }

    std::vector<UseCounts::Block> blocks;
    std::uint64_t uses = 0;
};

void counts_every_use(void **)
{
    Counts counts(1000);
    for (unsigned i = 1; i <= 20; i++) {
        assert_int_equal(counts.add(1), i);
    }
    assert_int_equal(counts.add(2), 1);
}

void stays_at_the_most(void **)
{
    Counts counts(100'000);
    for (unsigned i = 0; i < 1000; i++) {
        counts.add(1);
    }
    assert_int_equal(counts.add(1), UseCounts::kMost);
}

// What comes once is taken for something that comes back seldom enough, also
// after many rounds.
void few_are_counted_too_high(void **)
{
    Counts counts(1000);
    const unsigned rounds = 20 * 1000 * UseCounts::kUsesPerBlock;
    unsigned wrong = 0;
    for (unsigned i = 0; i < rounds; i++) {
        wrong += counts.add(i) > 1 ? 1 : 0;
    }
    print_message("%.2f %% of names that come once count as more\n",
                  100.0 * wrong / rounds);
    assert_true(wrong < rounds * 3 / 100);
}

void is_remembered_for_a_round_and_not_for_two(void **)
{
    const unsigned round = 100 * UseCounts::kUsesPerBlock;
    Counts counts(100);
    counts.add(1);
    for (unsigned i = 1; i < round; i++) {
        counts.add(2 + i % 3);
    }
    assert_int_equal(counts.add(1), 2);
    counts.add(5);
    for (unsigned i = 0; i < 2 * round; i++) {
        counts.add(2 + i % 3);
    }
    assert_int_equal(counts.add(5), 1);
}

void what_is_used_often_is_remembered(void **)
{
    Counts counts(1000);
    for (unsigned i = 0; i < 16; i++) {
        counts.add(1);
    }
    for (unsigned i = 0; i < 2 * 1000 * UseCounts::kUsesPerBlock; i++) {
        counts.add(10 + i);
    }
    assert_true(counts.add(1) >= 5);
}

void one_block_is_enough(void **)
{
    Counts counts(1);
    for (unsigned i = 0; i < 1000; i++) {
        assert_true(counts.add(i) >= 1);
    }
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(counts_every_use),
        cmocka_unit_test(stays_at_the_most),
        cmocka_unit_test(few_are_counted_too_high),
        cmocka_unit_test(is_remembered_for_a_round_and_not_for_two),
        cmocka_unit_test(what_is_used_often_is_remembered),
        cmocka_unit_test(one_block_is_enough),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
