// RFC 9111 3 and the location's policy: what is stored.
#include "cache_exchange.h"

using namespace edge_test;

namespace {

void any_final_status_with_explicit_freshness_is_stored(void **)
{
    for (const int status :
         {200, 201, 299, 302, 307, 400, 403, 404, 499, 500, 503, 599}) {
        Exchange exchange({kFresh});
        exchange.response.status = static_cast<std::uint16_t>(status);
        assert_true(exchange.reason() == Reason::none);
    }
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
        cmocka_unit_test(any_final_status_with_explicit_freshness_is_stored),
        cmocka_unit_test(no_store_private_and_no_cache_are_obeyed),
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
        cmocka_unit_test(credentials_need_leave_from_the_targeted_field),
        cmocka_unit_test(an_origin_that_is_repeated_selects),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
