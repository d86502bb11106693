// RFC 9211: one member of Cache-Status.
#include "http/cache_status.h"

#include "cmocka.h"

using namespace edge;
using http::CacheStatus;
using http::serialize;

namespace {

CacheStatus status()
{
    CacheStatus status;
    status.cache = "edge-cache";
    return status;
}

void a_hit_has_its_lifetime(void **)
{
    CacheStatus hit = status();
    hit.ttl = Seconds(376);
    hit.detail = "memory";
    assert_sv_equal(serialize(hit), "edge-cache; hit; ttl=376; detail=memory");
    hit.ttl = Seconds(-12);
    hit.detail = {};
    assert_sv_equal(serialize(hit), "edge-cache; hit; ttl=-12");
}

void a_forwarded_request_says_why(void **)
{
    CacheStatus forwarded = status();
    forwarded.forward = "uri-miss";
    assert_sv_equal(serialize(forwarded), "edge-cache; fwd=uri-miss");
    forwarded.stored = true;
    assert_sv_equal(serialize(forwarded), "edge-cache; fwd=uri-miss; stored");
    forwarded.forward = "stale";
    forwarded.forward_status = 304;
    assert_sv_equal(serialize(forwarded),
                    "edge-cache; fwd=stale; fwd-status=304; stored");
}

void a_request_that_waited_says_for_what(void **)
{
    CacheStatus waited = status();
    waited.forward = "uri-miss";
    waited.collapsed = true;
    assert_sv_equal(serialize(waited), "edge-cache; fwd=uri-miss; collapsed");
    waited.collapsed = false;
    assert_sv_equal(serialize(waited),
                    "edge-cache; fwd=uri-miss; collapsed=?0");
}

void a_key_is_a_string_or_left_out(void **)
{
    CacheStatus hit = status();
    hit.key = "/a?b=\"\\";
    assert_sv_equal(serialize(hit), "edge-cache; hit; key=\"/a?b=\\\"\\\\\"");
    for (const std::string_view key : {"/\xc3\xbc", "/\x7f", "/\t", "/\n"}) {
        hit.key = key;
        assert_sv_equal(serialize(hit), "edge-cache; hit");
    }
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_hit_has_its_lifetime),
        cmocka_unit_test(a_forwarded_request_says_why),
        cmocka_unit_test(a_request_that_waited_says_for_what),
        cmocka_unit_test(a_key_is_a_string_or_left_out),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
