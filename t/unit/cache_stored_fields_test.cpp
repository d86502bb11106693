// RFC 9111 3.1: which fields are stored.
#include <initializer_list>
#include <vector>

#include "cache/stored_fields.h"

#include "cmocka.h"

using namespace edge;
using http::Field;

namespace {

bool keeps(std::string_view name, std::initializer_list<Field> response = {},
           const cache::Storable &storable = {})
{
    const std::vector<Field> fields = response;
    return cache::StoredFields(fields, storable).keeps(name);
}

void unknown_and_end_to_end_fields_are_kept(void **)
{
    for (const std::string_view name :
         {"Content-Type", "ETag", "Last-Modified", "Vary", "Cache-Control",
          "Expires", "Link", "X-Whatever", "Proxy-Status", "Cache-Status",
          "RateLimits", "X-Accel", "Cache-Groups"}) {
        if (!keeps(name)) {
            fail_msg("%s", std::string(name).c_str());
        }
    }
}

void what_belongs_to_one_exchange_is_dropped(void **)
{
    for (const std::string_view name :
         {"connection", "Keep-Alive", "PROXY-CONNECTION", "TE", "Trailer",
          "Transfer-Encoding", "Upgrade", "Proxy-Authenticate",
          "Proxy-Authentication-Info", "Proxy-Authorization", "Age", "Date",
          "Content-Length", "Accept-Ranges", "X-Accel-Expires",
          "x-accel-redirect", "RateLimit", "RateLimit-Policy",
          "X-RateLimit-Remaining"}) {
        if (keeps(name)) {
            fail_msg("%s", std::string(name).c_str());
        }
    }
}

// RFC 9110 7.6.1
void what_connection_nominates_is_dropped(void **)
{
    const std::initializer_list<Field> response = {
        {"Connection", "close, X-Hop"}, {"connection", "x-other"}};
    assert_false(keeps("x-hop", response));
    assert_false(keeps("X-Other", response));
    assert_true(keeps("X-Third", response));
}

void set_cookie_is_dropped_unless_it_is_to_be_stored(void **)
{
    cache::Storable storable;
    assert_false(keeps("set-cookie", {}, storable));
    storable.strip_set_cookie = false;
    assert_true(keeps("set-cookie", {}, storable));
}

// RFC 9111 5.2.2.4, 5.2.2.7
void withheld_fields_are_dropped(void **)
{
    cache::Storable storable;
    assert_true(storable.withheld.add("X-User"));
    assert_false(keeps("x-user", {}, storable));
}

void what_the_location_drops_is_dropped(void **)
{
    constexpr std::string_view names[] = {"X-Request-Id", "server-timing"};
    cache::Storable storable;
    storable.dropped = names;
    assert_false(keeps("x-request-ID", {}, storable));
    assert_false(keeps("Server-Timing", {}, storable));
    assert_true(keeps("X-Request", {}, storable));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(unknown_and_end_to_end_fields_are_kept),
        cmocka_unit_test(what_belongs_to_one_exchange_is_dropped),
        cmocka_unit_test(what_connection_nominates_is_dropped),
        cmocka_unit_test(set_cookie_is_dropped_unless_it_is_to_be_stored),
        cmocka_unit_test(withheld_fields_are_dropped),
        cmocka_unit_test(what_the_location_drops_is_dropped),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
