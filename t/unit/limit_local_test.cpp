#include "limit_local.h"

#include <vector>

using namespace edge_test;

namespace {

void the_burst_at_once_then_the_rate(void **)
{
    const Zone zone;
    const std::vector limits = {limit_in(zone, "10r/s", 2)};
    assert_int_equal(decide_locally(limits, kNow).granted, 1);
    const auto second = decide_locally(limits, kNow);
    assert_int_equal(second.granted, 1);
    assert_true(second.states[0] == (redis::LimitState{0, 200'000}));

    const auto third = decide_locally(limits, kNow);
    assert_int_equal(third.granted, 0);
    assert_int_equal(third.denied, 1);
    assert_true(third.states[0] == second.states[0]);
    assert_int_equal(decide_locally(limits, later(99'999)).granted, 0);
    assert_int_equal(decide_locally(limits, later(100'000)).granted, 1);
}

void a_refusal_charges_none_of_the_limits(void **)
{
    const Zone wide, narrow;
    const std::vector limits = {limit_in(wide, "10r/s", 5),
                                limit_in(narrow, "10r/s", 1)};
    decide_locally(limits, kNow);
    const auto answer = decide_locally(limits, kNow);
    assert_int_equal(answer.granted, 0);
    assert_int_equal(answer.denied, 2);
    assert_int_equal(answer.limits, 2);
    assert_int_equal(answer.states[0].remaining, 4);
    assert_int_equal(
        decide_locally(std::span(limits).first(1), kNow).states[0].remaining,
        3);
}

void a_dry_run_is_marked_and_stands_in_nobody_s_way(void **)
{
    const Zone dry, real;
    std::vector limits = {limit_in(dry, "10r/s", 1),
                          limit_in(real, "10r/s", 3)};
    limits[0].dry_run = true;
    decide_locally(limits, kNow);
    const auto answer = decide_locally(limits, kNow);
    assert_int_equal(answer.granted, 1);
    assert_int_equal(answer.denied, 1);
    assert_int_equal(answer.states[0].remaining, 0);
    assert_int_equal(answer.states[1].remaining, 1);
}

void a_cost_of_nothing_is_free_and_takes_no_place(void **)
{
    const Zone zone;
    std::vector limits = {limit_in(zone, "10r/s", 1)};
    limits[0].cost = 0;
    assert_int_equal(decide_locally(limits, kNow).granted, 1);
    assert_false(is_known(limits[0]));

    limits[0].cost = 1;
    decide_locally(limits, kNow);
    limits[0].cost = 0;
    assert_int_equal(decide_locally(limits, kNow).granted, 1);
}

void a_cost_above_the_share_is_refused(void **)
{
    const Zone zone;
    std::vector limits = {limit_in(zone, "10r/s", 6)};
    limits[0].instances = 3;
    limits[0].cost = 3;
    assert_int_equal(decide_locally(limits, kNow).granted, 0);
    limits[0].cost = 2;
    assert_int_equal(decide_locally(limits, kNow).granted, 1);
}

void an_outage_begins_with_what_redis_told_last(void **)
{
    const Zone zone;
    std::vector limits = {limit_in(zone, "10r/s", 6)};
    // Four of six units were taken; each of two instances answers for half
    // of what is left.
    limits[0].instances = 2;
    note_state(limits[0], {2, 400'000}, false, kNow);
    assert_int_equal(decide_locally(limits, kNow).granted, 1);
    assert_int_equal(decide_locally(limits, kNow).granted, 0);
}

void an_empty_bucket_is_not_remembered(void **)
{
    const Zone zone;
    const LocalLimit limit = limit_in(zone, "10r/s", 6);
    note_state(limit, {6, 0}, false, kNow);
    assert_false(is_known(limit));
}

void instances_together_admit_no_more_than_one_would(void **)
{
    constexpr std::uint64_t kInstances = 3;
    std::vector<Zone> zones(kInstances);
    std::uint64_t admitted = 0;
    for (const Zone &zone : zones) {
        LocalLimit limit = limit_in(zone, "100r/s", 30);
        limit.instances = kInstances;
        const std::vector limits = {limit};
        for (int ms = 0; ms <= 10'000; ms++) {
            admitted += decide_locally(limits, later(ms * 1000.0)).granted;
        }
    }
    assert_in_range(admitted, 1027, 1030);
}

void a_full_zone_still_limits(void **)
{
    const Zone zone;
    LocalLimit limit = limit_in(zone, "1r/h", 1);
    std::uint64_t admitted = 0;
    for (std::uint64_t n = 1; n <= 5000; n++) {
        limit.key = {n, n};
        admitted += decide_locally(std::span(&limit, 1), kNow).granted;
    }
    assert_int_equal(admitted, zone.buckets.places() + 1);
}

void what_redis_told_last_counts(void **)
{
    const Zone zone;
    const LocalLimit limit = limit_in(zone, "10r/s", 6);
    note_state(limit, {1, 500'000}, false, kNow);
    note_state(limit, {5, 100'000}, false, kNow);
    assert_int_equal(admitted(limit, kNow, 10), 5);
}

void a_window_admits_its_units_and_then_what_fades(void **)
{
    const Zone zone;
    const LocalLimit limit = window_in(zone, 10, 1e6); // kNow begins one
    assert_int_equal(admitted(limit, later(900'000), 20), 10);
    assert_int_equal(admitted(limit, later(1'000'000), 20), 0);
    assert_int_equal(admitted(limit, later(1'250'000), 20), 2);
    assert_int_equal(admitted(limit, later(1'500'000), 20), 3);
    assert_int_equal(admitted(limit, later(3'000'000), 20), 10);
}

void who_waits_as_a_window_told_is_admitted(void **)
{
    const Zone zone;
    LocalLimit limit = window_in(zone, 10, 1e6);
    limit.cost = 3;
    Micros at = 700'000;
    for (int i = 0; i < 100; i++) {
        const auto answer = decide_locally(std::span(&limit, 1), later(at));
        if (!answer.granted) {
            at += wait_for(limit.meter, answer.states[0], 3).value();
            assert_int_equal(admitted(limit, later(at), 1), 1);
        }
    }
}

void a_window_begins_an_outage_with_what_is_left_of_it(void **)
{
    const Zone zone;
    LocalLimit limit = window_in(zone, 10, 1e6);
    limit.instances = 2;
    note_state(limit, {4, 100'000}, false, kNow);
    assert_int_equal(admitted(limit, kNow, 10), 2);
    assert_int_equal(admitted(limit, later(2'000'000), 10), 5);
}

void a_quota_ends_with_its_period(void **)
{
    const Zone zone;
    const LocalLimit limit = quota_in(zone, 5, Calendar::hour);
    // 1.8e15 is the beginning of an hour.
    assert_int_equal(admitted(limit, later(1000e6), 10), 5);
    assert_int_equal(admitted(limit, later(3599e6), 10), 0);
    const auto answer = decide_locally(std::span(&limit, 1), later(3599e6));
    assert_true(answer.states[0].time == 1e6);
    assert_int_equal(admitted(limit, later(3600e6), 10), 5);
}

void a_wall_clock_that_steps_gives_no_second_quota(void **)
{
    const Zone zone;
    const LocalLimit limit = quota_in(zone, 5, Calendar::hour);
    assert_int_equal(admitted(limit, later(3595e6), 10), 5);
    Clocks stepped = later(3596e6);
    stepped.wall += 10e6;
    assert_int_equal(admitted(limit, stepped, 10), 0);
}

void a_quota_begins_an_outage_with_a_share_of_what_is_left(void **)
{
    const Zone zone;
    LocalLimit limit = quota_in(zone, 1000, Calendar::month);
    limit.instances = 4;
    note_state(limit, {900, 5e12}, false, kNow);
    assert_int_equal(admitted(limit, kNow, 300), 225);
}

void a_look_takes_nothing(void **)
{
    const Zone zone;
    LocalLimit limit = limit_in(zone, "10r/s", 1);
    limit.cost = redis::kLook;
    assert_int_equal(admitted(limit, kNow, 5), 5);
    limit.cost = 1;
    assert_int_equal(admitted(limit, kNow, 5), 1);
    limit.cost = redis::kLook;
    assert_int_equal(admitted(limit, kNow, 5), 0);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_burst_at_once_then_the_rate),
        cmocka_unit_test(a_refusal_charges_none_of_the_limits),
        cmocka_unit_test(a_dry_run_is_marked_and_stands_in_nobody_s_way),
        cmocka_unit_test(a_cost_of_nothing_is_free_and_takes_no_place),
        cmocka_unit_test(a_cost_above_the_share_is_refused),
        cmocka_unit_test(an_outage_begins_with_what_redis_told_last),
        cmocka_unit_test(an_empty_bucket_is_not_remembered),
        cmocka_unit_test(instances_together_admit_no_more_than_one_would),
        cmocka_unit_test(a_full_zone_still_limits),
        cmocka_unit_test(what_redis_told_last_counts),
        cmocka_unit_test(a_window_admits_its_units_and_then_what_fades),
        cmocka_unit_test(who_waits_as_a_window_told_is_admitted),
        cmocka_unit_test(a_window_begins_an_outage_with_what_is_left_of_it),
        cmocka_unit_test(a_quota_ends_with_its_period),
        cmocka_unit_test(a_wall_clock_that_steps_gives_no_second_quota),
        cmocka_unit_test(a_quota_begins_an_outage_with_a_share_of_what_is_left),
        cmocka_unit_test(a_look_takes_nothing),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
