// What an unsafe method has changed.

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "invalidate/written.h"

#include "cmocka.h"

using namespace edge::invalidate;

namespace {

std::string resolve(std::string_view reference)
{
    return resolve_target(reference, "shop.example", "/a/b?x=1");
}

void references_on_the_same_authority_are_resolved(void **)
{
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"/c", "/c"},
        {"/c?y=2#f", "/c?y=2"},
        {"c", "/a/c"},
        {"c/d?e", "/a/c/d?e"},
        {"?z", "/a/b?z"},
        {"http://shop.example/c", "/c"},
        {"HTTPS://Shop.Example:8443/c", "/c"},
        {"//shop.example./c", "/c"},
        {"http://shop.example", "/"},
        {"http://shop.example?q", "/?q"},
    };
    for (const auto &[reference, target] : cases) {
        assert_sv_equal(resolve(reference), target);
    }
}

void references_that_lead_elsewhere_are_none(void **)
{
    for (const std::string_view reference :
         {"", "#f", "http://other.example/c", "//other.example/c",
          "http://u@shop.example/c", "mailto:c", "data:,x", "/a/../c",
          "../c", "./c", "/c/..", "/c\nd", "http:///c"}) {
        assert_sv_equal(resolve(reference), "");
    }
}

void every_name_of_the_target_is_invalidated_once(void **)
{
    Written written;
    written.names.scheme = "https";
    written.names.authority = "shop.example";
    written.names.target = "/internal/p";
    written.names.requested = "/p";
    written.names.custom_key = "p";
    written.locations = {"/p", "/q", "https://other.example/q"};
    const auto url = [](std::string_view target) {
        return select_url("https", "shop.example", target);
    };
    const std::vector<Selector> expected = {url("/internal/p"), url("/p"),
                                            select_key("p"), url("/q")};
    assert_true(selectors_of(written) == expected);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(references_on_the_same_authority_are_resolved),
        cmocka_unit_test(references_that_lead_elsewhere_are_none),
        cmocka_unit_test(every_name_of_the_target_is_invalidated_once),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
