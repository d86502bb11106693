// RFC 9110 15.1, 9.2.1; RFC 6585; RFC 8470: status codes and methods.
#include <initializer_list>
#include <vector>

#include "http/method.h"
#include "http/status.h"

#include "cmocka.h"

using namespace edge;

namespace {

using Predicate = bool (*)(std::uint16_t);

std::vector<std::uint16_t> all(Predicate holds)
{
    std::vector<std::uint16_t> found;
    for (std::uint16_t status = 200; status <= 599; status++) {
        if (holds(status)) {
            found.push_back(status);
        }
    }
    return found;
}

void the_heuristically_cacheable_are_those_of_rfc_9110_and_451(void **)
{
    const std::vector<std::uint16_t> expected = {
        200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 451, 501};
    assert_true(all(http::is_heuristically_cacheable) == expected);
}

void some_are_never_stored(void **)
{
    const std::vector<std::uint16_t> expected = {206, 304, 412, 416, 425,
                                                 428, 429, 431, 511};
    assert_true(all(http::is_never_stored) == expected);
}

void what_is_no_final_status_is_never_stored(void **)
{
    for (const int status : {0, 99, 100, 101, 103, 199, 600, 999}) {
        assert_true(http::is_never_stored(static_cast<std::uint16_t>(status)));
    }
}

void must_understand_excludes_unknown_and_partial(void **)
{
    assert_true(http::is_understood(200));
    assert_false(http::is_understood(206));
    assert_false(http::is_understood(599));
}

void a_safe_method_is_registered_as_such(void **)
{
    for (const std::string_view method :
         {"GET", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "REPORT", "SEARCH",
          "PRI", "QUERY"}) {
        assert_true(http::is_safe_method(method));
    }
    for (const std::string_view method :
         {"POST", "PUT", "DELETE", "PATCH", "M-SEARCH", "get", "", "GETX"}) {
        assert_false(http::is_safe_method(method));
    }
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(
            the_heuristically_cacheable_are_those_of_rfc_9110_and_451),
        cmocka_unit_test(some_are_never_stored),
        cmocka_unit_test(what_is_no_final_status_is_never_stored),
        cmocka_unit_test(must_understand_excludes_unknown_and_partial),
        cmocka_unit_test(a_safe_method_is_registered_as_such),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
