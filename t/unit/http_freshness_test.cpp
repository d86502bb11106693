// RFC 9111 4.2: lifetime and age.
#include <initializer_list>
#include <vector>

#include "cache/freshness.h"
#include "http/freshness.h"

#include "cmocka.h"

using namespace edge;
using http::Field;

namespace {

// Sun, 06 Nov 1994 08:49:37 GMT
constexpr WallTime kReceived{Seconds(784111777)};

std::vector<Field> fields(std::initializer_list<Field> list)
{
    return list;
}

std::optional<Seconds> age_of(std::initializer_list<Field> list)
{
    return http::parse_age(fields(list));
}

void age_is_the_first_member_of_the_first_line(void **)
{
    assert_true(age_of({{"Age", "7200"}}) == Seconds(7200));
    assert_true(age_of({{"Age", "7200, 0"}}) == Seconds(7200));
    assert_true(age_of({{"Age", "0,7200"}}) == Seconds(0));
    assert_true(age_of({{"age", "7200"}, {"Age", "0"}}) == Seconds(7200));
}

void an_age_that_is_no_number_is_ignored(void **)
{
    assert_none(age_of({}));
    assert_none(age_of({{"Age", "abc"}}));
    assert_none(age_of({{"Age", "-7200"}}));
    assert_none(age_of({{"Age", "7200.0"}}));
    assert_none(age_of({{"Age", ""}}));
}

void a_large_age_saturates(void **)
{
    assert_true(age_of({{"Age", "99999999999999999999"}}) ==
                http::kMaxDeltaSeconds);
}

void s_maxage_beats_max_age(void **)
{
    const auto list = fields({{"Cache-Control", "max-age=1, s-maxage=2"}});
    assert_true(http::directive_lifetime(http::parse_cache_control(list)) ==
                Seconds(2));
}

std::optional<Millis> expires(std::initializer_list<Field> list)
{
    return http::expires_lifetime(fields(list), kReceived);
}

void expires_counts_from_date(void **)
{
    assert_true(expires({{"Date", "Sun, 06 Nov 1994 08:00:00 GMT"},
                         {"Expires", "Sun, 06 Nov 1994 08:01:00 GMT"}}) ==
                Millis(60000));
}

void expires_counts_from_reception_without_a_valid_date(void **)
{
    assert_true(expires({{"Expires", "Sun, 06 Nov 1994 08:49:47 GMT"}}) ==
                Millis(10000));
    assert_true(expires({{"Date", "yesterday"},
                         {"Expires", "Sun, 06 Nov 1994 08:49:47 GMT"}}) ==
                Millis(10000));
}

void an_invalid_expires_has_expired(void **)
{
    assert_none(expires({}));
    assert_true(expires({{"Expires", "0"}}) == Millis(0));
    assert_true(expires({{"Expires", ""}}) == Millis(0));
    assert_true(expires({{"Expires", "Thu, 18 Aug 2050 02:01:18 AEST"}}) ==
                Millis(0));
    assert_true(expires({{"Expires", "Thu, 18 Aug 2050 02:01:18 GMT"},
                         {"Expires", "Thu, 18 Aug 2050 02:01:19 GMT"}}) ==
                Millis(0));
    assert_true(expires({{"Expires", "Thu, 18 Aug 1988 02:01:18 GMT"}}) ==
                Millis(0));
}

void a_far_expires_does_not_overflow(void **)
{
    assert_true(*expires({{"Expires", "Fri, 31 Dec 9999 23:59:59 GMT"}}) >
                std::chrono::years(7000));
}

void initial_age_is_the_larger_of_two_estimates(void **)
{
    const WallTime request = kReceived - Millis(1500);
    const auto age = [&](std::optional<WallTime> date, Seconds value) {
        return http::initial_age(request, kReceived, date, value);
    };
    // Age and the response's delay.
    assert_true(age(std::nullopt, Seconds(10)) == Millis(11500));
    // What the clocks say.
    assert_true(age(kReceived - Seconds(20), Seconds(10)) == Millis(20000));
    // A Date ahead of our clock.
    assert_true(age(kReceived + Seconds(20), Seconds(0)) == Millis(1500));
}

cache::EntryTimes stored(Seconds age, Millis lifetime)
{
    cache::EntryTimes times;
    times.request = kReceived;
    times.response = kReceived;
    times.age = age;
    times.lifetime = lifetime;
    return times;
}

void age_grows_while_stored(void **)
{
    const auto times = stored(Seconds(5), Millis(60000));
    assert_true(cache::current_age(times, kReceived + Seconds(7)) ==
                Millis(12000));
    assert_true(cache::remaining_lifetime(times, kReceived + Seconds(7)) ==
                Millis(48000));
    assert_true(cache::remaining_lifetime(times, kReceived + Seconds(55)) ==
                Millis(0));
    assert_true(cache::remaining_lifetime(times, kReceived + Seconds(56)) ==
                Millis(-1000));
}

void a_clock_set_back_makes_nothing_younger_than_it_came(void **)
{
    assert_true(cache::current_age(stored(Seconds(5), Millis(1)),
                                   kReceived - Seconds(3600)) == Millis(5000));
}

void clients_are_told_max_age_or_expires(void **)
{
    const auto told = [](std::initializer_list<Field> fields) {
        cache::StringListBuilder list;
        for (const Field &field : fields) {
            list.add(field.name);
            list.add(field.value);
        }
        cache::Entry entry;
        entry.times.response = kReceived;
        entry.fields = list.list();
        return cache::told_lifetime(entry);
    };
    const Field date{"Date", "Sun, 06 Nov 1994 08:49:37 GMT"};
    const Field expires{"Expires", "Sun, 06 Nov 1994 08:49:47 GMT"};
    assert_none(told({date}));
    assert_true(told({date, expires}) == Millis(10'000));
    assert_true(told({date, expires, {"Cache-Control", "max-age=5"}}) ==
                Millis(5'000));
    assert_true(told({date, {"Cache-Control", "s-maxage=9"}, expires}) ==
                Millis(10'000));
}

void what_a_clock_ahead_has_received_is_not_fresh(void **)
{
    const auto times = stored(Seconds(5), Millis(60'000));
    assert_false(cache::is_ahead(times, kReceived - Millis(1000)));
    assert_true(cache::remaining_lifetime(times, kReceived - Millis(1000)) ==
                Millis(55'000));
    assert_true(cache::is_ahead(times, kReceived - Millis(1001)));
    assert_true(cache::remaining_lifetime(times, kReceived - Millis(1001)) ==
                Millis(0));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(age_is_the_first_member_of_the_first_line),
        cmocka_unit_test(an_age_that_is_no_number_is_ignored),
        cmocka_unit_test(a_large_age_saturates),
        cmocka_unit_test(s_maxage_beats_max_age),
        cmocka_unit_test(expires_counts_from_date),
        cmocka_unit_test(expires_counts_from_reception_without_a_valid_date),
        cmocka_unit_test(an_invalid_expires_has_expired),
        cmocka_unit_test(a_far_expires_does_not_overflow),
        cmocka_unit_test(initial_age_is_the_larger_of_two_estimates),
        cmocka_unit_test(age_grows_while_stored),
        cmocka_unit_test(a_clock_set_back_makes_nothing_younger_than_it_came),
        cmocka_unit_test(clients_are_told_max_age_or_expires),
        cmocka_unit_test(what_a_clock_ahead_has_received_is_not_fresh),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
