#include "cmocka.h"

#include <vector>

#include "limit/local.h"

using namespace edge;
using namespace edge::limit;

namespace {

constexpr Clocks kNow{1e12, 1.8e15};

Clocks later(Micros time)
{
    return {kNow.steady + time, kNow.wall + time};
}

// A zone of its own for each limit, as in a configuration.
class Zone
{
public:
    Zone() : buckets(shm::Buckets::format(bytes_).value()) {}

private:
    alignas(shm::Buckets::kAlignment) std::byte bytes_[16 * 1024];

public:
    shm::Buckets buckets;
};

LocalLimit limit_in(const Zone &zone, std::string_view rate,
                    std::uint64_t burst)
{
    return {zone.buckets, {1, 1}, *make_bucket(*parse_rate(rate), burst)};
}

LocalLimit window_in(const Zone &zone, std::uint64_t units, Micros width)
{
    return {zone.buckets, {1, 1}, Window{static_cast<double>(units), width}};
}

LocalLimit quota_in(const Zone &zone, std::uint64_t units, Calendar period)
{
    return {zone.buckets, {1, 1}, Quota{static_cast<double>(units), period, 0}};
}

std::uint64_t admitted(const LocalLimit &limit, const Clocks &now, int tries)
{
    std::uint64_t count = 0;
    while (tries-- > 0) {
        count += decide_locally(std::span(&limit, 1), now).granted;
    }
    return count;
}

bool is_known(const LocalLimit &limit)
{
    return limit.zone.find(limit.key, kNow.steady) != shm::BucketRecord{};
}

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

// Under attack

std::optional<redis::LimitAnswer> refusal(const LocalLimit &limit, Micros at)
{
    return refuse_as_told(std::span(&limit, 1), later(at));
}

void what_redis_refused_is_refused_as_long_as_it_would(void **)
{
    const Zone zone;
    LocalLimit limit = limit_in(zone, "10r/s", 6);
    note_state(limit, {0, 600'000}, true, kNow);
    assert_some(refusal(limit, 99'999));
    assert_none(refusal(limit, 100'000));
    limit.cost = 3;
    assert_some(refusal(limit, kTrust - 1));
    assert_true(refusal(limit, 0)->states[0] ==
                (redis::LimitState{0, 600'000}));
}

void a_refusal_is_believed_for_a_quarter_of_a_second(void **)
{
    const Zone zone;
    LocalLimit limit = limit_in(zone, "1r/h", 1);
    note_state(limit, {0, 3600e6}, true, kNow);
    assert_some(refusal(limit, kTrust - 1));
    assert_none(refusal(limit, kTrust));
}

void what_is_forgotten_neither_refuses_nor_is_handed_over(void **)
{
    const Zone zone;
    const LocalLimit limit = limit_in(zone, "1r/h", 1);
    assert_int_equal(admitted(limit, kNow, 5), 1);
    note_state(limit, {0, 3600e6}, true, kNow);
    forget(limit, kNow);
    assert_none(refusal(limit, 0));
    assert_int_equal(take_charges(limit, kNow), 0);
    assert_int_equal(admitted(limit, kNow, 5), 1);
}

void a_larger_burst_ends_a_refusal_at_once(void **)
{
    const Zone zone;
    LocalLimit limit = limit_in(zone, "10r/s", 6);
    note_state(limit, {0, 600'000}, true, kNow);
    limit.meter = *make_bucket({10, 1}, 7);
    assert_none(refusal(limit, 0));
}

void a_hot_key_that_was_refused_is_left_alone_for_a_moment(void **)
{
    const Zone zone;
    const LocalLimit limit = limit_in(zone, "10000r/s", 1000);
    note_state(limit, {0, 100'000}, true, kNow);
    assert_some(refusal(limit, kHold - 1));
    assert_none(refusal(limit, kHold));
}

void a_bucket_too_small_for_that_moment_is_asked_again_at_once(void **)
{
    const Zone zone;
    const LocalLimit limit = limit_in(zone, "10000r/s", 10);
    note_state(limit, {0, 1000}, true, kNow);
    assert_none(refusal(limit, 100));
}

void nothing_is_refused_that_redis_did_not_tell_of(void **)
{
    const Zone zone;
    LocalLimit limit = limit_in(zone, "1r/h", 1);
    assert_none(refusal(limit, 0));
    assert_int_equal(admitted(limit, kNow, 5), 1);
    assert_none(refusal(limit, 0));

    limit = window_in(zone, 1, 60e6);
    note_state(limit, {0, 60e6}, true, kNow);
    assert_none(refusal(limit, 0));
}

void a_used_up_quota_is_refused_until_it_ends(void **)
{
    const Zone zone;
    LocalLimit limit = quota_in(zone, 10, Calendar::hour);
    note_state(limit, {2, 50e6}, false, kNow);
    assert_none(refusal(limit, 0));
    limit.cost = 3;
    assert_some(refusal(limit, 100'000));
    note_state(limit, {2, 50'000}, false, kNow);
    assert_some(refusal(limit, 49'999));
    assert_none(refusal(limit, 50'000));
}

void a_dry_run_refuses_nobody_as_told(void **)
{
    const Zone zone;
    LocalLimit limit = limit_in(zone, "10r/s", 1);
    note_state(limit, {0, 100'000}, true, kNow);
    limit.dry_run = true;
    assert_none(refusal(limit, 0));
}

// Handing over

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
        cmocka_unit_test(what_redis_refused_is_refused_as_long_as_it_would),
        cmocka_unit_test(a_refusal_is_believed_for_a_quarter_of_a_second),
        cmocka_unit_test(what_is_forgotten_neither_refuses_nor_is_handed_over),
        cmocka_unit_test(a_larger_burst_ends_a_refusal_at_once),
        cmocka_unit_test(a_hot_key_that_was_refused_is_left_alone_for_a_moment),
        cmocka_unit_test(
            a_bucket_too_small_for_that_moment_is_asked_again_at_once),
        cmocka_unit_test(nothing_is_refused_that_redis_did_not_tell_of),
        cmocka_unit_test(a_used_up_quota_is_refused_until_it_ends),
        cmocka_unit_test(a_dry_run_refuses_nobody_as_told),
        cmocka_unit_test(what_was_charged_here_is_handed_over_once),
        cmocka_unit_test(what_was_handed_over_is_not_free_again_here),
        cmocka_unit_test(what_was_handed_over_is_what_redis_tells_of_it),
        cmocka_unit_test(what_has_drained_is_not_handed_over),
        cmocka_unit_test(shares_hand_over_what_they_have_admitted),
        cmocka_unit_test(an_answer_asked_for_before_does_not_forget_a_charge),
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
