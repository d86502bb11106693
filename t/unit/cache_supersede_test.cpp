// RFC 9111 4: of two answers of one resource the newer one counts.
#include "cache/supersede.h"

#include "cmocka.h"

using namespace edge;
using cache::outdates_stored;
using cache::Policy;
using cache::Reason;
using cache::RequestFacts;

namespace {

const RequestFacts kGet{.method = "GET"};

void the_origin_s_word_outdates_what_is_stored(void **)
{
    for (const Reason why :
         {Reason::response_no_store, Reason::response_private,
          Reason::no_freshness, Reason::set_cookie, Reason::vary_star}) {
        assert_true(outdates_stored(200, why, kGet, {}));
    }
}

void a_limit_of_the_cache_says_nothing_of_the_resource(void **)
{
    for (const Reason why : {Reason::too_large, Reason::fill_memory,
                             Reason::tag_limit, Reason::error_page,
                             Reason::no_store_directive, Reason::status}) {
        assert_false(outdates_stored(200, why, kGet, {}));
    }
}

void only_answers_about_the_resource_count(void **)
{
    for (const int status : {200, 204, 301, 302, 404, 410}) {
        assert_true(outdates_stored(static_cast<std::uint16_t>(status),
                                    Reason::no_freshness, kGet, {}));
    }
    for (const int status : {206, 304, 400, 401, 403, 429, 500, 503}) {
        assert_false(outdates_stored(static_cast<std::uint16_t>(status),
                                     Reason::no_freshness, kGet, {}));
    }
    assert_true(outdates_stored(200, Reason::no_freshness,
                                {.method = "HEAD"}, {}));
    assert_false(outdates_stored(200, Reason::no_freshness,
                                 {.method = "QUERY"}, {}));
}

void an_answer_to_credentials_is_not_everybody_s(void **)
{
    RequestFacts request = kGet;
    request.has_authorization = true;
    Policy policy;
    assert_false(
        outdates_stored(200, Reason::response_private, request, policy));
    policy.authorization = cache::Authorization::key;
    assert_true(
        outdates_stored(200, Reason::response_private, request, policy));

    request = kGet;
    request.has_cookie = true;
    assert_false(
        outdates_stored(200, Reason::response_private, request, policy));
    policy.cookies = cache::Cookies::ignore;
    assert_true(
        outdates_stored(200, Reason::response_private, request, policy));
}

cache::EntryTimes times(int requested, std::optional<int> date)
{
    cache::EntryTimes times;
    times.request = WallTime(Seconds(requested));
    if (date) {
        times.date = WallTime(Seconds(*date));
    }
    return times;
}

void what_was_asked_for_later_is_newer(void **)
{
    assert_true(cache::is_newer(times(2, 9), times(1, 9)));
    assert_true(cache::is_newer(times(2, std::nullopt), times(1, 9)));
    assert_false(cache::is_newer(times(1, 9), times(1, 9)));
    assert_false(cache::is_newer(times(1, 9), times(2, 9)));
}

void the_origin_s_date_is_a_veto(void **)
{
    assert_false(cache::is_newer(times(2, 8), times(1, 9)));
    assert_true(cache::is_newer(times(2, 10), times(1, 9)));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_origin_s_word_outdates_what_is_stored),
        cmocka_unit_test(a_limit_of_the_cache_says_nothing_of_the_resource),
        cmocka_unit_test(only_answers_about_the_resource_count),
        cmocka_unit_test(an_answer_to_credentials_is_not_everybody_s),
        cmocka_unit_test(what_was_asked_for_later_is_newer),
        cmocka_unit_test(the_origin_s_date_is_a_veto),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
