// Which requests are looked up, and which entries may answer them.
#include <initializer_list>
#include <vector>

#include "cache/admission.h"

#include "cmocka.h"

using namespace edge;
using cache::Authorization;
using cache::Cookies;
using cache::Policy;
using cache::Reason;
using http::Field;

namespace {

cache::RequestFacts request(std::initializer_list<Field> fields,
                            std::string_view method = "GET",
                            bool has_body = false)
{
    const std::vector<Field> list = fields;
    return cache::request_facts(method, has_body, list);
}

void a_plain_get_or_head_is_admitted(void **)
{
    assert_true(cache::admit(request({{"Accept", "*/*"}}), {}) == Reason::none);
    assert_true(cache::admit(request({}, "HEAD"), {}) == Reason::none);
}

void other_methods_are_not(void **)
{
    for (const std::string_view method :
         {"POST", "PUT", "DELETE", "OPTIONS", "get", "QUERY", ""}) {
        assert_true(cache::admit(request({}, method), {}) == Reason::method);
    }
    Policy get_only;
    get_only.methods = cache::kMethodGet;
    assert_true(cache::admit(request({}, "HEAD"), get_only) == Reason::method);
}

// RFC 9110 9.3.1: content in a GET has no meaning for a key.
void a_get_with_a_body_is_not(void **)
{
    assert_true(cache::admit(request({}, "GET", true), {}) ==
                Reason::request_body);
}

void a_method_override_is_not(void **)
{
    for (const std::string_view name :
         {"X-HTTP-Method-Override", "x-http-method", "X-Method-Override"}) {
        assert_true(cache::admit(request({{name, "GET"}}), {}) ==
                    Reason::method_override);
    }
}

void an_upgrade_is_not(void **)
{
    assert_true(cache::admit(request({{"upgrade", "websocket"}}), {}) ==
                Reason::upgrade);
}

// RFC 9111 4.3.2: never answer 412 from a cache.
void if_match_and_if_unmodified_since_are_not(void **)
{
    assert_true(cache::admit(request({{"If-Match", "*"}}), {}) ==
                Reason::precondition);
    assert_true(cache::admit(request({{"If-Unmodified-Since", "x"}}), {}) ==
                Reason::precondition);
    assert_true(cache::admit(request({{"If-None-Match", "*"}}), {}) ==
                Reason::none);
}

void authorization_is_looked_up_under_every_policy(void **)
{
    for (const auto mode :
         {Authorization::refuse, Authorization::key, Authorization::tenant}) {
        Policy policy;
        policy.authorization = mode;
        assert_true(cache::admit(request({{"Authorization", "Bearer a"}}),
                                 policy) == Reason::none);
    }
}

void only_bypass_refuses_a_cookie_at_once(void **)
{
    for (const auto mode :
         {Cookies::explicit_, Cookies::ignore, Cookies::key, Cookies::bypass}) {
        Policy policy;
        policy.cookies = mode;
        const auto reason = cache::admit(request({{"Cookie", "a=b"}}), policy);
        assert_true(reason ==
                    (mode == Cookies::bypass ? Reason::cookies : Reason::none));
    }
}

void no_store_is_noticed(void **)
{
    assert_true(request({{"Cache-Control", "no-store"}}).control.no_store);
    assert_false(request({{"Cache-Control", "no-cache"}}).control.no_store);
}

Reason answer(std::initializer_list<Field> fields, const Policy &policy,
              bool explicitly_shared, bool authorization_allowed)
{
    cache::Entry entry;
    entry.explicitly_shared = explicitly_shared;
    entry.authorization_allowed = authorization_allowed;
    return cache::may_answer(request(fields), policy, entry);
}

void every_entry_answers_a_request_without_credentials(void **)
{
    assert_true(answer({}, {}, false, false) == Reason::none);
}

// RFC 9111 3.5
void authorization_is_answered_by_what_the_origin_allows(void **)
{
    const Field field = {"Authorization", "Bearer a"};
    assert_true(answer({field}, {}, false, false) == Reason::credentials);
    assert_true(answer({field}, {}, false, true) == Reason::none);

    Policy policy;
    policy.authorization = Authorization::tenant;
    assert_true(answer({field}, policy, false, false) == Reason::none);
    policy.authorization = Authorization::key;
    assert_true(answer({field}, policy, false, false) == Reason::none);
}

void a_cookie_is_answered_by_what_the_origin_shares(void **)
{
    const Field field = {"Cookie", "a=b"};
    assert_true(answer({field}, {}, false, true) == Reason::cookies);
    assert_true(answer({field}, {}, true, true) == Reason::none);

    Policy policy;
    policy.cookies = Cookies::ignore;
    assert_true(answer({field}, policy, false, false) == Reason::none);
    policy.cookies = Cookies::key;
    assert_true(answer({field}, policy, false, false) == Reason::none);
}

cache::RequestControl control_of(std::vector<Field> fields)
{
    return cache::request_facts("GET", false, fields).control;
}

void pragma_counts_without_cache_control_only(void **)
{
    assert_true(control_of({{"Pragma", "no-cache"}}).no_cache);
    assert_false(control_of({{"Pragma", "x"}}).no_cache);
    assert_false(
        control_of({{"Pragma", "no-cache"}, {"Cache-Control", "max-age=1"}})
            .no_cache);
}

Reason satisfies(std::string_view asked, bool client_control = true)
{
    cache::Policy policy;
    policy.client_control = client_control;
    return may_satisfy(control_of({{"Cache-Control", asked}}), policy,
                       Seconds(20), Seconds(40));
}

void clients_bound_age_and_freshness(void **)
{
    for (const std::string_view asked :
         {"max-age=20", "min-fresh=40", "max-stale=5", "no-store", ""}) {
        assert_true(satisfies(asked) == Reason::none);
    }
    for (const std::string_view asked :
         {"max-age=19", "min-fresh=41", "no-cache", "max-age=-1"}) {
        assert_true(satisfies(asked) == Reason::client_control);
        assert_true(satisfies(asked, false) == Reason::none);
    }
}

void a_request_is_unusual_by_size_or_by_its_bytes(void **)
{
    const std::string large(4096, 'x');
    const std::vector<Field> fields[] = {
        {{"X", large}}, {{"X", "a\x01"}}, {{"X y", "a"}}};
    for (const auto &unusual : fields) {
        assert_true(cache::is_unusual(unusual));
    }
    const std::vector<Field> usual = {{"Host", "a"}, {"X", "\t\xc3\xbc"}};
    assert_false(cache::is_unusual(usual));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_get_or_head_is_admitted),
        cmocka_unit_test(other_methods_are_not),
        cmocka_unit_test(a_get_with_a_body_is_not),
        cmocka_unit_test(a_method_override_is_not),
        cmocka_unit_test(an_upgrade_is_not),
        cmocka_unit_test(if_match_and_if_unmodified_since_are_not),
        cmocka_unit_test(authorization_is_looked_up_under_every_policy),
        cmocka_unit_test(only_bypass_refuses_a_cookie_at_once),
        cmocka_unit_test(no_store_is_noticed),
        cmocka_unit_test(every_entry_answers_a_request_without_credentials),
        cmocka_unit_test(authorization_is_answered_by_what_the_origin_allows),
        cmocka_unit_test(a_cookie_is_answered_by_what_the_origin_shares),
        cmocka_unit_test(pragma_counts_without_cache_control_only),
        cmocka_unit_test(clients_bound_age_and_freshness),
        cmocka_unit_test(a_request_is_unusual_by_size_or_by_its_bytes),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
