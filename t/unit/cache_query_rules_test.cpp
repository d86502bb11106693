// edge_cache_query: byte by byte, and only what "&" separates.
#include "cache/query_rules.h"

#include "cmocka.h"

using namespace edge;
using cache::QueryRules;
using Choice = QueryRules::Choice;

namespace {

std::string by(const QueryRules &rules, std::string_view query)
{
    return cache::apply(rules, query).value_or(std::string(query));
}

void dropped_arguments_are_gone(void **)
{
    const QueryRules rules{Choice::drop, {"utm_*", "x"}, false};
    assert_sv_equal(by(rules, "a=1&utm_source=n&x&b=2&x=3"), "a=1&b=2");
    assert_sv_equal(by(rules, "utm_=1&xy=1"), "xy=1");
    assert_sv_equal(by(rules, "x=1"), "");
    assert_none(cache::apply(rules, "a=1"));
    assert_none(cache::apply(rules, ""));
}

void only_kept_arguments_stay(void **)
{
    const QueryRules rules{Choice::keep, {"page", "q"}, false};
    assert_sv_equal(by(rules, "q=a&x=1&page=2&&q=b"), "q=a&page=2&q=b");
}

// What an origin may take for something else stays one argument.
void names_are_bytes(void **)
{
    const QueryRules rules{Choice::drop, {"x"}, false};
    for (const std::string_view query :
         {"X=1", "%78=1", "a=1;x=2", "a=1%26x=2", "x%3D1", "+x=1", " x=1"}) {
        assert_none(cache::apply(rules, query));
    }
}

void sorting_keeps_the_order_of_one_name(void **)
{
    const QueryRules rules{Choice::all, {}, true};
    assert_sv_equal(by(rules, "b=2&a=2&b=1&a=1"), "a=2&a=1&b=2&b=1");
    assert_sv_equal(by(rules, "b&a=&=c"), "=c&a=&b");
    assert_none(cache::apply(rules, "a&b"));
}

void both_rules_work_together(void **)
{
    const QueryRules rules{Choice::drop, {"x"}, true};
    assert_sv_equal(by(rules, "b=1&x=1&a=1"), "a=1&b=1");
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(dropped_arguments_are_gone),
        cmocka_unit_test(only_kept_arguments_stay),
        cmocka_unit_test(names_are_bytes),
        cmocka_unit_test(sorting_keeps_the_order_of_one_name),
        cmocka_unit_test(both_rules_work_together),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
