// RFC 9111 3 and the location's policy: what is stored, and for how long.
#include <initializer_list>
#include <vector>

#include "cache/freshness.h"
#include "cache/storability.h"

#include "cmocka.h"

using namespace edge;
using cache::Policy;
using cache::Reason;
using cache::Storable;
using http::Field;

namespace {

// Sun, 06 Nov 1994 08:49:37 GMT
constexpr WallTime kReceived{Seconds(784111777)};

// One exchange; the defaults are a 200 to a plain GET.
struct Exchange
{
    std::vector<Field> fields;
    cache::RequestFacts request{.method = "GET"};
    cache::ResponseFacts response{
        .status = 200, .requested = kReceived, .received = kReceived};
    Policy policy;
    std::vector<cache::ValidRule> valid;

    Exchange(std::initializer_list<Field> list) : fields(list) {}

    std::variant<Storable, Reason> judge()
    {
        response.fields = fields;
        policy.valid = valid;
        return cache::judge(request, response, policy);
    }
    Reason reason()
    {
        const auto result = judge();
        const auto *reason = std::get_if<Reason>(&result);
        return reason == nullptr ? Reason::none : *reason;
    }
    Storable stored()
    {
        const auto result = judge();
        if (const auto *reason = std::get_if<Reason>(&result)) {
            fail_msg("%s", std::string(name(*reason)).c_str());
        }
        return std::get<Storable>(result);
    }
    // What is left of the lifetime at reception, in seconds.
    std::int64_t ttl()
    {
        const auto left =
            cache::remaining_lifetime(stored().times, response.received);
        return std::chrono::duration_cast<Seconds>(left).count();
    }
};

Field control(std::string_view value)
{
    return {"Cache-Control", value};
}

Reason reason(std::initializer_list<Field> fields)
{
    return Exchange(fields).reason();
}

const Field kFresh = control("max-age=60");

void explicit_freshness_is_stored(void **)
{
    assert_int_equal(Exchange({kFresh}).ttl(), 60);
    assert_int_equal(Exchange({control("s-maxage=5, max-age=60")}).ttl(), 5);
    assert_int_equal(
        Exchange({{"Expires", "Sun, 06 Nov 1994 08:49:47 GMT"}}).ttl(), 10);
}

void any_final_status_with_explicit_freshness_is_stored(void **)
{
    for (const int status :
         {200, 201, 299, 302, 307, 400, 403, 404, 499, 500, 503, 599}) {
        Exchange exchange({kFresh});
        exchange.response.status = static_cast<std::uint16_t>(status);
        assert_true(exchange.reason() == Reason::none);
    }
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

void no_store_private_and_no_cache_are_obeyed(void **)
{
    assert_true(reason({kFresh, control("no-store")}) ==
                Reason::response_no_store);
    assert_true(reason({kFresh, control("private")}) ==
                Reason::response_private);
    assert_true(reason({kFresh, control("no-cache")}) ==
                Reason::response_no_cache);
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

void named_fields_are_withheld_and_the_rest_is_stored(void **)
{
    Exchange exchange({kFresh, control("private=\"X-User\"")});
    assert_true(exchange.stored().withheld.contains("x-user"));
}

// RFC 9111 5.2.2.3
void must_understand_replaces_no_store(void **)
{
    Exchange exchange({control("max-age=60, no-store, must-understand")});
    assert_true(exchange.reason() == Reason::none);
    exchange.response.status = 599;
    assert_true(exchange.reason() == Reason::status);
}

void some_statuses_are_never_stored(void **)
{
    for (const int status : {103, 304, 412, 416, 425, 428, 429, 431, 511}) {
        Exchange exchange({kFresh});
        exchange.valid = {{0, Seconds(60)}};
        exchange.response.status = static_cast<std::uint16_t>(status);
        assert_true(exchange.reason() == Reason::status);
    }
    Exchange partial({kFresh});
    partial.response.status = 206;
    assert_true(partial.reason() == Reason::partial_content);
}

void an_error_page_is_not_the_origins(void **)
{
    Exchange exchange({kFresh});
    exchange.response.from_origin = false;
    assert_true(exchange.reason() == Reason::error_page);
}

void a_head_fills_nothing(void **)
{
    Exchange exchange({kFresh});
    exchange.request.method = "HEAD";
    assert_true(exchange.reason() == Reason::head_request);
}

void an_endless_body_is_not_stored(void **)
{
    for (const std::string_view type :
         {"text/event-stream", "Text/Event-Stream ; charset=utf-8",
          "multipart/x-mixed-replace;boundary=a"}) {
        assert_true(reason({kFresh, {"Content-Type", type}}) == Reason::stream);
    }
    assert_true(reason({kFresh, {"Content-Type", "text/event-streams"}}) ==
                Reason::none);
}

void a_close_delimited_body_needs_permission(void **)
{
    Exchange exchange({kFresh});
    exchange.response.close_delimited = true;
    assert_true(exchange.reason() == Reason::close_delimited);
    exchange.policy.close_delimited = true;
    assert_true(exchange.reason() == Reason::none);
}

void a_body_over_max_size_is_refused_by_its_length(void **)
{
    Exchange exchange({kFresh});
    exchange.policy.max_size = 100;
    exchange.response.content_length = 100;
    assert_true(exchange.reason() == Reason::none);
    exchange.response.content_length = 101;
    assert_true(exchange.reason() == Reason::too_large);
}

void fields_with_control_bytes_are_refused(void **)
{
    assert_true(reason({kFresh, {"X-A", "a\nb"}}) == Reason::header_invalid);
    assert_true(reason({kFresh, {"X A", "a"}}) == Reason::header_invalid);
    assert_true(reason({kFresh, {"X-A", "a\tb"}}) == Reason::none);
}

void the_requests_no_store_counts_under_client_control(void **)
{
    Exchange exchange({kFresh});
    exchange.request.control.no_store = true;
    assert_true(exchange.reason() == Reason::none);
    exchange.policy.client_control = true;
    assert_true(exchange.reason() == Reason::request_no_store);
}

void set_cookie_is_refused_stripped_or_stored(void **)
{
    Exchange exchange({kFresh, {"set-cookie", "a=b"}});
    assert_true(exchange.reason() == Reason::set_cookie);
    exchange.policy.set_cookie = cache::SetCookie::strip;
    assert_true(exchange.stored().strip_set_cookie);
    exchange.policy.set_cookie = cache::SetCookie::store;
    assert_false(exchange.stored().strip_set_cookie);
}

void an_ignored_set_cookie_is_stripped(void **)
{
    Exchange exchange({kFresh, {"Set-Cookie", "a=b"}});
    exchange.policy.ignored_fields = cache::kIgnoreSetCookie;
    assert_true(exchange.stored().strip_set_cookie);
}

void a_withheld_set_cookie_does_not_refuse(void **)
{
    assert_true(reason({kFresh,
                        control("no-cache=\"Set-Cookie\""),
                        {"Set-Cookie", "a=b"}}) == Reason::none);
}

void a_set_cookie_for_one_credential_is_never_shared(void **)
{
    Exchange exchange({kFresh, {"Set-Cookie", "a=b"}});
    exchange.request.has_authorization = true;
    exchange.policy.authorization = cache::Authorization::tenant;
    exchange.policy.set_cookie = cache::SetCookie::store;
    assert_true(exchange.reason() == Reason::set_cookie);
}

void vary_is_kept_or_refuses(void **)
{
    Exchange exchange({kFresh, {"Vary", "Origin, Accept"}});
    const std::vector<std::string> expected = {"accept", "origin"};
    assert_true(exchange.stored().vary == expected);
    assert_true(reason({kFresh, {"Vary", "a, *"}}) == Reason::vary_star);
    assert_true(reason({kFresh, {"Vary", "a b"}}) == Reason::header_invalid);
    assert_true(
        reason({kFresh, {"Vary", "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q"}}) ==
        Reason::vary_limit);
}

void an_ignored_vary_selects_nothing(void **)
{
    Exchange exchange({kFresh, {"Vary", "*"}});
    exchange.policy.ignored_fields = cache::kIgnoreVary;
    assert_true(exchange.stored().vary.empty());
}

// RFC 9111 3.5
void authorization_needs_the_origins_permission(void **)
{
    const auto with_authorization = [](std::string_view directives) {
        Exchange exchange({control(directives)});
        exchange.request.has_authorization = true;
        return exchange.reason();
    };
    assert_true(with_authorization("max-age=60") == Reason::credentials);
    assert_true(with_authorization("max-age=60, proxy-revalidate") ==
                Reason::credentials);
    assert_true(with_authorization("max-age=60, public") == Reason::none);
    assert_true(with_authorization("s-maxage=60") == Reason::none);
    assert_true(with_authorization("max-age=60, must-revalidate") ==
                Reason::none);
}

void in_a_partition_authorization_needs_no_permission(void **)
{
    for (const auto mode :
         {cache::Authorization::key, cache::Authorization::tenant}) {
        Exchange exchange({kFresh});
        exchange.request.has_authorization = true;
        exchange.policy.authorization = mode;
        assert_true(exchange.reason() == Reason::none);
        exchange.fields.push_back(control("private"));
        assert_true(exchange.reason() == Reason::response_private);
        exchange.fields.back() = control("no-store");
        assert_true(exchange.reason() == Reason::response_no_store);
    }
}

void a_cookie_needs_a_shared_lifetime_from_the_origin(void **)
{
    const auto with_cookie = [](std::string_view directives) {
        Exchange exchange({control(directives)});
        exchange.request.has_cookie = true;
        exchange.valid = {{200, Seconds(60)}};
        return exchange.reason();
    };
    assert_true(with_cookie("max-age=60") == Reason::cookies);
    assert_true(with_cookie("max-age=60, must-revalidate") == Reason::cookies);
    assert_true(with_cookie("max-age=60, public") == Reason::none);
    assert_true(with_cookie("s-maxage=60") == Reason::none);
    // The lifetime would be edge_cache_valid's.
    assert_true(with_cookie("public") == Reason::cookies);
}

void who_may_reuse_it_is_noted(void **)
{
    const auto plain = Exchange({kFresh}).stored();
    assert_false(plain.explicitly_shared || plain.authorization_allowed ||
                 plain.must_revalidate || plain.s_maxage);

    const auto shared = Exchange({control("s-maxage=9")}).stored();
    assert_true(shared.explicitly_shared && shared.authorization_allowed &&
                shared.s_maxage);
    assert_false(shared.must_revalidate);

    const auto strict =
        Exchange({control("max-age=9, must-revalidate")}).stored();
    assert_true(strict.must_revalidate && strict.authorization_allowed);
    assert_false(strict.explicitly_shared);

    const auto proxies =
        Exchange({control("max-age=9, proxy-revalidate")}).stored();
    assert_true(proxies.must_revalidate);
    assert_false(proxies.authorization_allowed);
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

// RFC 9213 2.2: what allows to share must be in the field that decides.
void credentials_need_leave_from_the_targeted_field(void **)
{
    Exchange exchange({{"CDN-Cache-Control", "max-age=50"},
                       control("public, max-age=60")});
    exchange.request.has_authorization = true;
    assert_true(exchange.reason() == Reason::credentials);
    exchange.fields[0].value = "max-age=50, public";
    assert_true(exchange.reason() == Reason::none);
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

void an_origin_that_is_repeated_selects(void **)
{
    Exchange exchange({kFresh, {"Vary", "accept, x"},
                       {"Access-Control-Allow-Origin", "https://a.example"}});
    const std::vector<std::string> vary = {"accept", "x"};
    assert_true(exchange.stored().vary == vary);
    exchange.request.origin = "https://b.example";
    assert_true(exchange.stored().vary == vary);

    exchange.request.origin = "https://a.example";
    const std::vector<std::string> more = {"accept", "origin", "x"};
    assert_true(exchange.stored().vary == more);
    exchange.fields[1] = {"Vary", "Origin"};
    assert_true(exchange.stored().vary == std::vector<std::string>{"origin"});
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(explicit_freshness_is_stored),
        cmocka_unit_test(any_final_status_with_explicit_freshness_is_stored),
        cmocka_unit_test(without_freshness_nothing_is_stored),
        cmocka_unit_test(cache_control_hides_expires),
        cmocka_unit_test(what_arrives_expired_is_not_stored),
        cmocka_unit_test(the_way_here_counts_as_age),
        cmocka_unit_test(what_is_expired_is_stored_for_its_stale_window),
        cmocka_unit_test(the_times_are_kept_as_they_came),
        cmocka_unit_test(no_store_private_and_no_cache_are_obeyed),
        cmocka_unit_test(what_is_to_be_asked_about_each_time_is_stored_for_that),
        cmocka_unit_test(what_has_expired_is_stored_to_be_asked_about),
        cmocka_unit_test(the_location_lets_what_has_expired_be_sent),
        cmocka_unit_test(named_fields_are_withheld_and_the_rest_is_stored),
        cmocka_unit_test(must_understand_replaces_no_store),
        cmocka_unit_test(some_statuses_are_never_stored),
        cmocka_unit_test(an_error_page_is_not_the_origins),
        cmocka_unit_test(a_head_fills_nothing),
        cmocka_unit_test(an_endless_body_is_not_stored),
        cmocka_unit_test(a_close_delimited_body_needs_permission),
        cmocka_unit_test(a_body_over_max_size_is_refused_by_its_length),
        cmocka_unit_test(fields_with_control_bytes_are_refused),
        cmocka_unit_test(the_requests_no_store_counts_under_client_control),
        cmocka_unit_test(set_cookie_is_refused_stripped_or_stored),
        cmocka_unit_test(an_ignored_set_cookie_is_stripped),
        cmocka_unit_test(a_withheld_set_cookie_does_not_refuse),
        cmocka_unit_test(a_set_cookie_for_one_credential_is_never_shared),
        cmocka_unit_test(vary_is_kept_or_refuses),
        cmocka_unit_test(an_ignored_vary_selects_nothing),
        cmocka_unit_test(authorization_needs_the_origins_permission),
        cmocka_unit_test(in_a_partition_authorization_needs_no_permission),
        cmocka_unit_test(a_cookie_needs_a_shared_lifetime_from_the_origin),
        cmocka_unit_test(who_may_reuse_it_is_noted),
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
        cmocka_unit_test(an_origin_that_is_repeated_selects),
        cmocka_unit_test(a_targeted_field_decides_alone),
        cmocka_unit_test(age_counts_against_the_targeted_lifetime),
        cmocka_unit_test(a_targeted_field_that_is_ignored_leaves_it_to_the_next),
        cmocka_unit_test(credentials_need_leave_from_the_targeted_field),
        cmocka_unit_test(a_heuristic_is_a_part_of_the_time_since_the_last_change),
        cmocka_unit_test(a_heuristic_needs_a_status_or_leave),
        cmocka_unit_test(a_heuristic_never_stands_above_what_is_said),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
