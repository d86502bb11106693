// What was charged here while Redis was away is handed over to it.
#include "limit_local.h"

#include <vector>

using namespace edge_test;

namespace {

void what_was_charged_here_is_handed_over_once(void **)
{
    const Zone zone;
    const LocalLimit limit = limit_in(zone, "10r/s", 6);
    note_state(limit, {4, 200'000}, false, kNow);
    assert_int_equal(admitted(limit, kNow, 3), 3);
    assert_int_equal(take_charges(limit, kNow), 3);
    assert_int_equal(take_charges(limit, kNow), 0);
    assert_int_equal(admitted(limit, kNow, 10), 1);
    assert_int_equal(take_charges(limit, kNow), 1);
}

// One of each algorithm, of 30 units, for one of three instances.
LocalLimit third_of(int kind, const Zone &zone)
{
    LocalLimit limit = kind == 0   ? limit_in(zone, "1r/s", 30)
                       : kind == 1 ? window_in(zone, 30, 1e9)
                                   : quota_in(zone, 30, Calendar::day);
    limit.instances = 3;
    return limit;
}

// A third of the limit, with a probe now and then that is not answered.
void what_was_handed_over_is_not_free_again_here(void **)
{
    for (int kind = 0; kind < 3; kind++) {
        const Zone zone;
        const LocalLimit limit = third_of(kind, zone);
        std::uint64_t passed = 0;
        std::int64_t handed_over = 0;
        for (int probe = 0; probe < 10; probe++) {
            passed += admitted(limit, later(probe * 10'000.0), 5);
            handed_over += take_charges(limit, later(probe * 10'000.0));
        }
        assert_int_equal(passed, 10);
        assert_int_equal(handed_over, 10);
    }
}

void what_was_handed_over_is_what_redis_tells_of_it(void **)
{
    for (int kind = 0; kind < 3; kind++) {
        const Zone zone;
        const LocalLimit limit = third_of(kind, zone);
        assert_int_equal(admitted(limit, kNow, 7), 7);
        assert_int_equal(take_charges(limit, kNow), 7);
        // Nobody else has used anything, so a share of 23 is left.
        note_state(limit, {23, kind == 0 ? 7e6 : 8e10}, false, kNow);
        assert_int_equal(take_charges(limit, kNow), 0);
        const std::uint64_t more = admitted(limit, kNow, 20);
        assert_in_range(more, 7, 8);
        assert_int_equal(take_charges(limit, kNow), more);
    }
}

void what_has_drained_is_not_handed_over(void **)
{
    const Zone zone;
    const LocalLimit limit = limit_in(zone, "10r/s", 6);
    assert_int_equal(admitted(limit, kNow, 4), 4);
    assert_int_equal(take_charges(limit, later(300'000)), 1);
    assert_int_equal(take_charges(limit, later(500'000)), 0);
}

void shares_hand_over_what_they_have_admitted(void **)
{
    const Zone bucket, quota;
    LocalLimit limit = limit_in(bucket, "10r/s", 6);
    limit.instances = 3;
    assert_int_equal(admitted(limit, kNow, 10), 2);
    assert_int_equal(take_charges(limit, kNow), 2);

    limit = quota_in(quota, 90, Calendar::day);
    limit.instances = 3;
    assert_int_equal(admitted(limit, kNow, 100), 30);
    assert_int_equal(take_charges(limit, kNow), 30);
    assert_int_equal(take_charges(limit, kNow), 0);
}

void an_answer_asked_for_before_does_not_forget_a_charge(void **)
{
    const Zone zone;
    const LocalLimit limit = limit_in(zone, "10r/s", 6);
    assert_int_equal(admitted(limit, kNow, 3), 3);
    note_state(limit, {5, 100'000}, false, kNow);
    assert_int_equal(take_charges(limit, kNow), 2);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(what_was_charged_here_is_handed_over_once),
        cmocka_unit_test(what_was_handed_over_is_not_free_again_here),
        cmocka_unit_test(what_was_handed_over_is_what_redis_tells_of_it),
        cmocka_unit_test(what_has_drained_is_not_handed_over),
        cmocka_unit_test(shares_hand_over_what_they_have_admitted),
        cmocka_unit_test(an_answer_asked_for_before_does_not_forget_a_charge),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
