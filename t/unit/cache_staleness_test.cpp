#include "cache/freshness.h"
#include "cache/staleness.h"

#include "cmocka.h"

using namespace edge;
using namespace edge::cache;

namespace {

constexpr WallTime kStored{Seconds(1000)};

const Policy kByDefault;

Policy with(const StaleRule &rule)
{
    Policy policy;
    policy.stale = {&rule, 1};
    return policy;
}

Entry entry_of(int lifetime, int while_revalidate, int if_error)
{
    Entry entry;
    entry.times.request = entry.times.response = kStored;
    entry.times.lifetime = Seconds(lifetime);
    entry.times.stale_while_revalidate = Seconds(while_revalidate);
    entry.times.stale_if_error = Seconds(if_error);
    return entry;
}

WallTime after(int seconds)
{
    return kStored + Seconds(seconds);
}

void stale_within_its_window_only(void **)
{
    const Entry entry = entry_of(10, 5, 20);
    assert_true(may_be_stale(entry, kStaleUpdating, kByDefault, after(15)));
    assert_false(may_be_stale(entry, kStaleUpdating, kByDefault, after(16)));
    assert_true(may_be_stale(entry, kStaleError, kByDefault, after(30)));
    assert_false(may_be_stale(entry, kStaleError, kByDefault, after(31)));
}

void if_error_is_about_origins_that_fail(void **)
{
    const Entry entry = entry_of(10, 0, 20);
    for (const StaleCause cause : {kStaleError, kStaleTimeout, kStale500,
                                   kStale502, kStale503, kStale504}) {
        assert_true(may_be_stale(entry, cause, kByDefault, after(11)));
    }
    for (const StaleCause cause :
         {kStaleUpdating, kStale403, kStale404, kStale429}) {
        assert_false(may_be_stale(entry, cause, kByDefault, after(11)));
    }
}

void nothing_is_stale_without_anybodys_word(void **)
{
    const Entry entry = entry_of(10, 0, 0);
    assert_false(may_be_stale(entry, kStaleUpdating, kByDefault, after(10)));
    assert_false(may_be_stale(entry, kStaleError, kByDefault, after(10)));
    assert_true(keep_time(entry, kByDefault) == Millis(0));
}

void the_location_adds_causes(void **)
{
    const StaleRule rule{kStale404 | kStaleUpdating, Seconds(60)};
    const Entry entry = entry_of(10, 5, 0);
    const Policy policy = with(rule);
    assert_true(may_be_stale(entry, kStale404, policy, after(70)));
    assert_false(may_be_stale(entry, kStale404, policy, after(71)));
    assert_true(may_be_stale(entry, kStaleUpdating, policy, after(70)));
    assert_false(may_be_stale(entry, kStaleError, policy, after(11)));
    assert_true(keep_time(entry, policy) == Seconds(60));
}

void what_is_not_asked_for_is_stale_by_any_word(void **)
{
    const Entry entry = entry_of(10, 5, 20);
    assert_true(may_be_stale(entry, kStaleNotAsked, kByDefault, after(30)));
    assert_false(may_be_stale(entry, kStaleNotAsked, kByDefault, after(31)));
    const StaleRule rule{kStale429, Seconds(60)};
    assert_true(may_be_stale(entry, kStaleNotAsked, with(rule), after(70)));
    const Entry strict = entry_of(10, 0, 0);
    assert_false(may_be_stale(strict, kStaleNotAsked, kByDefault, after(11)));
}

void must_revalidate_and_s_maxage_forbid(void **)
{
    const StaleRule rule{kStaleError, Seconds(60)};
    Policy policy = with(rule);
    Entry entry = entry_of(10, 5, 5);
    entry.must_revalidate = true;
    policy.stale_s_maxage = true;
    assert_false(may_be_stale(entry, kStaleError, policy, after(11)));
    assert_true(keep_time(entry, policy) == Millis(0));

    entry.must_revalidate = false;
    entry.s_maxage = true;
    assert_true(may_be_stale(entry, kStaleUpdating, policy, after(11)));
    policy.stale_s_maxage = false;
    assert_false(may_be_stale(entry, kStaleUpdating, policy, after(11)));
    assert_true(keep_time(entry, policy) == Millis(0));
}

void off_is_never(void **)
{
    Policy policy;
    policy.use_stale = false;
    const Entry entry = entry_of(10, 5, 5);
    assert_false(may_be_stale(entry, kStaleUpdating, policy, after(11)));
    assert_false(may_be_stale(entry, kStaleError, policy, after(11)));
    assert_true(keep_time(entry, policy) == Millis(0));
}

void is_kept_for_the_longest_use(void **)
{
    assert_true(keep_time(entry_of(10, 5, 20), kByDefault) == Seconds(20));
    assert_true(keep_time(entry_of(10, 30, 20), kByDefault) == Seconds(30));
    Entry entry = entry_of(10, 0, 0);
    entry.status = 200;
    StringListBuilder fields;
    fields.add("ETag");
    fields.add("\"a\"");
    entry.fields = fields.list();
    entry.must_revalidate = true;
    assert_true(keep_time(entry, kByDefault) == Seconds(3600));
    Policy policy;
    policy.revalidate = false;
    assert_true(keep_time(entry, policy) == Millis(0));
}

void what_variants_differ_by_outlasts_them(void **)
{
    Entry record = entry_of(10, 5, 5);
    record.kind = EntryKind::vary;
    assert_true(keep_time(record, kByDefault) == Seconds(3600));
}

void the_client_takes_it_as_old_as_it_says(void **)
{
    Policy policy;
    policy.client_control = true;
    RequestControl control;
    control.max_stale = Seconds(5);
    Entry entry = entry_of(10, 0, 0);
    assert_true(is_stale_welcome(entry, control, policy, after(15)));
    assert_false(is_stale_welcome(entry, control, policy, after(16)));
    control.max_age = Seconds(3);
    assert_false(is_stale_welcome(entry, control, policy, after(11)));
    control.max_age.reset();
    assert_false(is_stale_welcome(entry, control, kByDefault, after(11)));
    entry.must_revalidate = true;
    assert_false(is_stale_welcome(entry, control, policy, after(11)));
}

// Purged softly: it counts as expired, within its lifetime.
void what_is_fresh_may_be_stale(void **)
{
    const Entry entry = entry_of(10, 5, 0);
    assert_true(may_be_stale(entry, kStaleUpdating, kByDefault, after(3)));
    assert_false(may_be_stale(entry, kStaleError, kByDefault, after(3)));
}

void what_was_shortened_is_fresh_for_so_long_and_never_stale(void **)
{
    Entry entry = entry_of(100, 50, 50);
    entry.times.age = Seconds(10);
    shorten(entry, Seconds(5), after(20));
    assert_int_equal(remaining_lifetime(entry.times, after(20)).count(), 5000);
    assert_false(may_be_stale(entry, kStaleUpdating, kByDefault, after(26)));
    shorten(entry, Seconds(9), after(20));
    assert_int_equal(remaining_lifetime(entry.times, after(20)).count(), 5000);
}

// RFC 5861 4
void the_client_takes_it_if_the_origin_fails(void **)
{
    Entry entry = entry_of(10, 5, 0);
    Policy policy;
    RequestControl control;
    control.stale_if_error = Seconds(7);
    assert_false(
        is_stale_accepted(entry, kStale503, control, policy, after(11)));
    policy.client_control = true;
    assert_true(
        is_stale_accepted(entry, kStale503, control, policy, after(17)));
    assert_false(
        is_stale_accepted(entry, kStale503, control, policy, after(18)));
    assert_false(
        is_stale_accepted(entry, kStaleUpdating, control, policy, after(11)));
    assert_false(
        is_stale_accepted(entry, kStale404, control, policy, after(11)));
    assert_false(is_stale_accepted(entry, kStale503, {}, policy, after(11)));
    entry.must_revalidate = true;
    assert_false(
        is_stale_accepted(entry, kStale503, control, policy, after(11)));
}

void what_a_clock_ahead_has_received_is_not_sent_stale(void **)
{
    const Entry entry = entry_of(10, 50, 50);
    Policy policy;
    policy.client_control = true;
    RequestControl control;
    control.max_stale = control.stale_if_error = Seconds(50);
    for (const int seconds : {-1, -2}) {
        const bool told = seconds == -1;
        const WallTime now = after(seconds);
        assert_int_equal(may_be_stale(entry, kStaleError, policy, now), told);
        assert_int_equal(is_stale_welcome(entry, control, policy, now), told);
        assert_int_equal(
            is_stale_accepted(entry, kStaleError, control, policy, now), told);
    }
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(stale_within_its_window_only),
        cmocka_unit_test(if_error_is_about_origins_that_fail),
        cmocka_unit_test(nothing_is_stale_without_anybodys_word),
        cmocka_unit_test(the_location_adds_causes),
        cmocka_unit_test(what_is_not_asked_for_is_stale_by_any_word),
        cmocka_unit_test(must_revalidate_and_s_maxage_forbid),
        cmocka_unit_test(
            what_was_shortened_is_fresh_for_so_long_and_never_stale),
        cmocka_unit_test(off_is_never),
        cmocka_unit_test(is_kept_for_the_longest_use),
        cmocka_unit_test(what_variants_differ_by_outlasts_them),
        cmocka_unit_test(the_client_takes_it_as_old_as_it_says),
        cmocka_unit_test(what_is_fresh_may_be_stale),
        cmocka_unit_test(the_client_takes_it_if_the_origin_fails),
        cmocka_unit_test(what_a_clock_ahead_has_received_is_not_sent_stale),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
