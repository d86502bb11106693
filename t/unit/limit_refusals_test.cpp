// Under attack: what Redis refused is refused here for a while.
#include "limit_local.h"

#include <vector>

using namespace edge_test;

namespace {

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

} // namespace

int main()
{
    const CMUnitTest tests[] = {
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
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
