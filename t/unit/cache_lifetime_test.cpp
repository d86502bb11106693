// RFC 9111 4.2 and the location's policy: for how long an answer is fresh.
#include "cache_exchange.h"

using namespace edge_test;

namespace {

void explicit_freshness_is_stored(void **)
{
    assert_int_equal(Exchange({kFresh}).ttl(), 60);
    assert_int_equal(Exchange({control("s-maxage=5, max-age=60")}).ttl(), 5);
    assert_int_equal(
        Exchange({{"Expires", "Sun, 06 Nov 1994 08:49:47 GMT"}}).ttl(), 10);
}

void without_freshness_nothing_is_stored(void **)
{
    assert_true(reason({}) == Reason::no_freshness);
    assert_true(reason({control("public")}) == Reason::no_freshness);
    assert_true(reason({{"Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT"}}) ==
                Reason::no_freshness);
}

void cache_control_hides_expires(void **)
{
    Exchange exchange(
        {{"Expires", "Thu, 18 Aug 2050 02:01:18 GMT"}, control("max-age=60")});
    assert_int_equal(exchange.ttl(), 60);
    exchange.fields[1] = control("max-age=0");
    assert_true(exchange.reason() == Reason::expired_on_arrival);
}

void what_arrives_expired_is_not_stored(void **)
{
    assert_true(reason({control("max-age=0")}) == Reason::expired_on_arrival);
    assert_true(reason({control("max-age=-1")}) == Reason::expired_on_arrival);
    assert_true(reason({{"Expires", "0"}}) == Reason::expired_on_arrival);
    assert_true(reason({kFresh, {"Age", "60"}}) == Reason::expired_on_arrival);
    assert_true(reason({kFresh, {"Age", "59"}}) == Reason::none);
    assert_true(reason({kFresh, {"Date", "Sun, 06 Nov 1994 08:48:37 GMT"}}) ==
                Reason::expired_on_arrival);
}

void the_way_here_counts_as_age(void **)
{
    Exchange exchange({kFresh, {"Age", "10"}});
    exchange.response.requested = kReceived - Seconds(2);
    assert_int_equal(exchange.ttl(), 48);
}

// RFC 5861: of use as a stale answer.
void what_is_expired_is_stored_for_its_stale_window(void **)
{
    Exchange exchange({control("max-age=0, stale-while-revalidate=30")});
    assert_true(exchange.stored().times.stale_while_revalidate == Seconds(30));
    assert_true(reason({control("max-age=0, stale-if-error=30")}) ==
                Reason::none);
    assert_true(reason({control("max-age=0, stale-if-error=30"),
                        {"Age", "30"}}) == Reason::expired_on_arrival);
    assert_true(reason({control("max-age=0, stale-if-error=30, "
                                "must-revalidate")}) ==
                Reason::expired_on_arrival);
    assert_true(reason({control("s-maxage=0, stale-if-error=30")}) ==
                Reason::expired_on_arrival);
}

void the_times_are_kept_as_they_came(void **)
{
    Exchange exchange(
        {kFresh, {"Age", "3"}, {"Date", "Sun, 06 Nov 1994 08:49:30 GMT"}});
    exchange.response.requested = kReceived - Millis(1500);
    const auto times = exchange.stored().times;
    assert_true(times.request == kReceived - Millis(1500));
    assert_true(times.response == kReceived);
    assert_true(times.date == kReceived - Seconds(7));
    assert_true(times.age == Seconds(3));
    assert_true(times.lifetime == Seconds(60));
}

// RFC 9111 5.2.2.4
void what_is_to_be_asked_about_each_time_is_stored_for_that(void **)
{
    Exchange exchange({control("no-cache, max-age=60"), {"ETag", "\"a\""}});
    assert_true(exchange.stored().must_revalidate);
    assert_true(exchange.ttl() == 0);
    exchange.policy.revalidate = false;
    assert_true(exchange.reason() == Reason::response_no_cache);

    exchange.policy.revalidate = true;
    exchange.request.method = "POST";
    assert_true(exchange.reason() == Reason::response_no_cache);
    exchange.request.method = "GET";
    exchange.response.status = 404;
    assert_true(exchange.reason() == Reason::response_no_cache);
}

void what_has_expired_is_stored_to_be_asked_about(void **)
{
    assert_true(reason({control("max-age=0"), {"ETag", "\"a\""}}) ==
                Reason::none);
    assert_true(reason({control("max-age=0"),
                        {"Last-Modified", "Sun, 06 Nov 1994 08:00:00 GMT"}}) ==
                Reason::none);
    assert_true(reason({control("max-age=0"), {"ETag", "a"}}) ==
                Reason::expired_on_arrival);
}

void the_location_lets_what_has_expired_be_sent(void **)
{
    const cache::StaleRule rule{cache::kStaleError, Seconds(60)};
    Exchange exchange({control("max-age=0")});
    exchange.policy.stale = {&rule, 1};
    assert_true(exchange.reason() == Reason::none);
    exchange.policy.use_stale = false;
    assert_true(exchange.reason() == Reason::expired_on_arrival);
}

void edge_cache_valid_counts_when_the_origin_says_nothing(void **)
{
    Exchange exchange({});
    exchange.valid = {{404, Seconds(1)}, {200, Seconds(10)}, {0, Seconds(3)}};
    assert_int_equal(exchange.ttl(), 10);
    exchange.response.status = 404;
    assert_int_equal(exchange.ttl(), 1);
    exchange.response.status = 500;
    assert_int_equal(exchange.ttl(), 3);
    exchange.fields = {control("max-age=60")};
    assert_int_equal(exchange.ttl(), 60);
}

void edge_cache_valid_overrides_no_refusal(void **)
{
    for (const std::string_view directive :
         {"no-store", "private", "no-cache", "max-age=0"}) {
        Exchange exchange({control(directive)});
        exchange.valid = {{0, Seconds(10)}};
        assert_true(exchange.reason() != Reason::none);
        exchange.policy.ignored_fields = cache::kIgnoreCacheControl;
        assert_int_equal(exchange.ttl(), 10);
    }
}

void edge_cache_valid_of_0_stores_nothing(void **)
{
    Exchange exchange({});
    exchange.valid = {{200, Seconds(0)}, {0, Seconds(10)}};
    assert_true(exchange.reason() == Reason::no_freshness);
}

void edge_cache_valid_counts_from_reception(void **)
{
    Exchange exchange({{"Age", "100"}});
    exchange.valid = {{200, Millis(10500)}};
    assert_int_equal(exchange.ttl(), 10);
    assert_true(cache::current_age(exchange.stored().times, kReceived) ==
                Seconds(100));
}

void an_ignored_expires_gives_no_lifetime(void **)
{
    Exchange exchange({{"Expires", "0"}});
    exchange.policy.ignored_fields = cache::kIgnoreExpires;
    exchange.valid = {{200, Seconds(10)}};
    assert_int_equal(exchange.ttl(), 10);
}

Field accel(std::string_view value)
{
    return {"X-Accel-Expires", value};
}

void x_accel_expires_comes_first(void **)
{
    assert_int_equal(Exchange({kFresh, accel("5"), {"Age", "30"}}).ttl(), 5);
    assert_int_equal(Exchange({kFresh, accel("@784111787")}).ttl(), 10);
    assert_int_equal(Exchange({control("no-store"), accel("5")}).ttl(), 5);
    assert_int_equal(Exchange({control("private"), accel("5")}).ttl(), 5);
}

void x_accel_expires_0_stores_nothing(void **)
{
    assert_true(reason({kFresh, accel("0")}) == Reason::accel_expires);
    assert_true(reason({kFresh, accel("@784111777")}) ==
                Reason::expired_on_arrival);
}

// It was stored with a lifetime below 0, and never read again.
void an_x_accel_expires_long_past_is_no_lifetime_below_0(void **)
{
    Exchange exchange({kFresh, accel("@17"), {"ETag", "\"a\""}});
    assert_true(exchange.stored().times.lifetime == Millis(0));
    Exchange aged({accel("@17"), {"ETag", "\"a\""}, {"Age", "30"}});
    assert_int_equal(aged.ttl(), 0);
}

void an_invalid_or_ignored_x_accel_expires_is_not_there(void **)
{
    for (const std::string_view value : {"", "@", "-1", "5s", "off", "@x"}) {
        assert_int_equal(Exchange({kFresh, accel(value)}).ttl(), 60);
    }
    Exchange exchange({kFresh, accel("0")});
    exchange.policy.ignored_fields = cache::kIgnoreAccelExpires;
    assert_int_equal(exchange.ttl(), 60);
}

// For how long, not for whom.
void x_accel_expires_does_not_share_what_is_private(void **)
{
    Exchange exchange({control("private"), accel("5")});
    exchange.request.has_cookie = true;
    assert_true(exchange.reason() == Reason::response_private);
    exchange.policy.cookies = cache::Cookies::ignore;
    assert_true(exchange.reason() == Reason::none);

    exchange.request.has_authorization = true;
    exchange.policy.authorization = cache::Authorization::tenant;
    assert_true(exchange.reason() == Reason::response_private);
}

void extreme_times_do_not_overflow(void **)
{
    Exchange exchange({accel("@99999999999999999999"),
                       {"Age", "99999999999999999999"},
                       {"Date", "Sat, 01 Jan 0000 00:00:00 GMT"}});
    assert_true(exchange.reason() == Reason::none);
    exchange.fields[0] = control("max-age=99999999999999999999");
    assert_true(exchange.reason() == Reason::expired_on_arrival);
}

void a_targeted_field_decides_alone(void **)
{
    const Field own{"Edge-Cache-Control", "max-age=5"};
    const Field cdn{"CDN-Cache-Control", "max-age=50"};
    const Field expires{"Expires", "Sun, 06 Nov 1994 08:49:47 GMT"};

    assert_int_equal(Exchange({cdn, own, kFresh}).ttl(), 5);
    assert_int_equal(Exchange({cdn, control("no-store"), expires}).ttl(), 50);
    assert_true(reason({{"CDN-Cache-Control", "no-store"}, kFresh}) ==
                Reason::response_no_store);
    assert_true(reason({{"CDN-Cache-Control", "none"}, kFresh, expires}) ==
                Reason::no_freshness);
}

void age_counts_against_the_targeted_lifetime(void **)
{
    const Field cdn{"CDN-Cache-Control", "max-age=50"};
    assert_int_equal(Exchange({cdn, kFresh, {"Age", "20"}}).ttl(), 30);
    assert_true(reason({cdn, kFresh, {"Age", "50"}}) ==
                Reason::expired_on_arrival);
}

void a_targeted_field_that_is_ignored_leaves_it_to_the_next(void **)
{
    Exchange exchange({{"Edge-Cache-Control", "max-age=5"},
                       {"CDN-Cache-Control", "max-age=50"},
                       kFresh});
    exchange.policy.ignored_fields = cache::kIgnoreEdgeCacheControl;
    assert_int_equal(exchange.ttl(), 50);
    exchange.policy.ignored_fields |= cache::kIgnoreCdnCacheControl;
    assert_int_equal(exchange.ttl(), 60);

    Exchange broken({{"Edge-Cache-Control", "max-age=\"5\""}, kFresh});
    assert_int_equal(broken.ttl(), 60);
}

Exchange unmodified_for_1000_seconds()
{
    Exchange exchange({{"Last-Modified", "Sun, 06 Nov 1994 08:32:57 GMT"}});
    exchange.policy.heuristic_percent = 10;
    exchange.policy.heuristic_max = Seconds(3600);
    return exchange;
}

void a_heuristic_is_a_part_of_the_time_since_the_last_change(void **)
{
    Exchange exchange = unmodified_for_1000_seconds();
    assert_int_equal(exchange.ttl(), 100);
    exchange.policy.heuristic_max = Seconds(30);
    assert_int_equal(exchange.ttl(), 30);
    exchange.policy.heuristic_percent = 0;
    assert_true(exchange.reason() == Reason::no_freshness);
}

void a_heuristic_needs_a_status_or_leave(void **)
{
    Exchange exchange = unmodified_for_1000_seconds();
    exchange.response.status = 302;
    assert_true(exchange.reason() == Reason::no_freshness);
    exchange.fields.push_back(control("public"));
    assert_int_equal(exchange.ttl(), 100);
}

void a_heuristic_never_stands_above_what_is_said(void **)
{
    Exchange exchange = unmodified_for_1000_seconds();
    exchange.fields.push_back(control("max-age=7"));
    assert_int_equal(exchange.ttl(), 7);
    exchange.fields.back() = {"Expires", "0"};
    exchange.policy.revalidate = false;
    assert_true(exchange.reason() == Reason::expired_on_arrival);
    exchange.fields.pop_back();
    exchange.valid = {{200, Seconds(0)}};
    assert_true(exchange.reason() == Reason::no_freshness);
    exchange.valid = {{200, Seconds(9)}};
    assert_int_equal(exchange.ttl(), 9);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(explicit_freshness_is_stored),
        cmocka_unit_test(without_freshness_nothing_is_stored),
        cmocka_unit_test(cache_control_hides_expires),
        cmocka_unit_test(what_arrives_expired_is_not_stored),
        cmocka_unit_test(the_way_here_counts_as_age),
        cmocka_unit_test(what_is_expired_is_stored_for_its_stale_window),
        cmocka_unit_test(the_times_are_kept_as_they_came),
        cmocka_unit_test(
            what_is_to_be_asked_about_each_time_is_stored_for_that),
        cmocka_unit_test(what_has_expired_is_stored_to_be_asked_about),
        cmocka_unit_test(the_location_lets_what_has_expired_be_sent),
        cmocka_unit_test(edge_cache_valid_counts_when_the_origin_says_nothing),
        cmocka_unit_test(edge_cache_valid_overrides_no_refusal),
        cmocka_unit_test(edge_cache_valid_of_0_stores_nothing),
        cmocka_unit_test(edge_cache_valid_counts_from_reception),
        cmocka_unit_test(an_ignored_expires_gives_no_lifetime),
        cmocka_unit_test(x_accel_expires_comes_first),
        cmocka_unit_test(x_accel_expires_0_stores_nothing),
        cmocka_unit_test(an_x_accel_expires_long_past_is_no_lifetime_below_0),
        cmocka_unit_test(an_invalid_or_ignored_x_accel_expires_is_not_there),
        cmocka_unit_test(x_accel_expires_does_not_share_what_is_private),
        cmocka_unit_test(extreme_times_do_not_overflow),
        cmocka_unit_test(a_targeted_field_decides_alone),
        cmocka_unit_test(age_counts_against_the_targeted_lifetime),
        cmocka_unit_test(
            a_targeted_field_that_is_ignored_leaves_it_to_the_next),
        cmocka_unit_test(
            a_heuristic_is_a_part_of_the_time_since_the_last_change),
        cmocka_unit_test(a_heuristic_needs_a_status_or_leave),
        cmocka_unit_test(a_heuristic_never_stands_above_what_is_said),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
