#include "cache/hit_for_miss.h"

#include "cmocka.h"

using namespace edge;
using cache::hit_for_miss_time;
using cache::Reason;

namespace {

void what_is_private_is_remembered(void **)
{
    for (const Reason reason :
         {Reason::response_private, Reason::response_no_store,
          Reason::set_cookie, Reason::no_freshness, Reason::too_large,
          Reason::vary_star, Reason::zone_full, Reason::credentials}) {
        assert_true(hit_for_miss_time(reason, 200) == Seconds(10));
    }
}

void a_failure_is_remembered_for_a_moment(void **)
{
    assert_true(hit_for_miss_time(Reason::error_page, 502) == Seconds(1));
    assert_true(hit_for_miss_time(Reason::truncated, 200) == Seconds(1));
    assert_true(hit_for_miss_time(Reason::no_freshness, 503) == Seconds(1));
}

// The next one may well store it.
void what_concerns_one_request_is_not(void **)
{
    for (const Reason reason :
         {Reason::none, Reason::purged, Reason::soft_purged,
          Reason::newer_stored, Reason::log_behind,
          Reason::request_no_store, Reason::internal_error}) {
        assert_true(hit_for_miss_time(reason, 200) == Millis(0));
    }
}

void what_the_origin_refused_is_in_no_redis(void **)
{
    assert_true(may_be_in_redis(Reason::zone_full));
    assert_true(may_be_in_redis(Reason::no_store_directive));
    assert_false(may_be_in_redis(Reason::response_private));
    assert_false(may_be_in_redis(Reason::set_cookie));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(what_is_private_is_remembered),
        cmocka_unit_test(a_failure_is_remembered_for_a_moment),
        cmocka_unit_test(what_the_origin_refused_is_in_no_redis),
        cmocka_unit_test(what_concerns_one_request_is_not),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
