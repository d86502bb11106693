// RFC 9111 5.2: the grammar of Cache-Control.
#include <initializer_list>
#include <vector>

#include "http/cache_control.h"

#include "cmocka.h"

using namespace edge;
using http::CacheControl;

namespace {

CacheControl parse(std::initializer_list<std::string_view> lines)
{
    std::vector<http::Field> fields;
    for (const std::string_view line : lines) {
        fields.push_back({"cache-CONTROL", line});
    }
    return http::parse_cache_control(fields);
}

CacheControl parse(std::string_view line)
{
    return parse({line});
}

void assert_max_age(std::string_view line, std::int64_t expected)
{
    const auto age = parse(line).max_age;
    if (age != Seconds(expected)) {
        fail_msg("%s", edge_test::printable(line).c_str());
    }
}

void names_are_case_insensitive(void **)
{
    assert_true(parse("No-StOrE").no_store);
    assert_max_age("MAX-AGE=7", 7);
}

void all_lines_are_one_list(void **)
{
    const auto control = parse({"max-age=3", "public,,", ", s-maxage=4"});
    assert_true(control.max_age == Seconds(3));
    assert_true(control.s_maxage == Seconds(4));
    assert_true(control.is_public);
}

void empty_members_are_ignored(void **)
{
    assert_max_age(" , ,\t,max-age=5 ,", 5);
}

void every_directive_is_known(void **)
{
    const auto c = parse("no-store, no-cache, private, public, must-revalidate,"
                         "proxy-revalidate, must-understand, no-transform,"
                         "immutable, only-if-cached, stale-if-error=1,"
                         "stale-while-revalidate=2, min-fresh=3, max-stale=4");
    assert_true(c.no_store && c.no_cache && c.is_private && c.is_public);
    assert_true(c.must_revalidate && c.proxy_revalidate && c.must_understand);
    assert_true(c.no_transform && c.immutable && c.only_if_cached);
    assert_true(c.stale_if_error == Seconds(1));
    assert_true(c.stale_while_revalidate == Seconds(2));
    assert_true(c.min_fresh == Seconds(3));
    assert_true(c.max_stale == Seconds(4));
}

void unknown_and_similar_names_are_ignored(void **)
{
    const auto control =
        parse("x-private=1, privateer, no-storefoo, ext=\"a\"");
    assert_false(control.is_private);
    assert_false(control.no_store);
}

void a_name_inside_quotes_is_no_directive(void **)
{
    const auto control =
        parse("ext=\"max-age=3600, no-store\", max-age=1, e=\"\\\", private\"");
    assert_true(control.max_age == Seconds(1));
    assert_false(control.no_store);
    assert_false(control.is_private);
}

void an_open_quote_hides_the_rest_of_its_line_only(void **)
{
    const auto control = parse({"ext=\"a, no-store", "max-age=9"});
    assert_false(control.no_store);
    assert_true(control.max_age == Seconds(9));
}

void an_argument_may_be_quoted(void **)
{
    assert_max_age("max-age=\"60\"", 60);
    assert_max_age("max-age=\"6\\0\"", 60);
    assert_max_age("max-age=003600", 3600);
}

void large_values_saturate(void **)
{
    const std::int64_t limit = std::int64_t{1} << 31;
    assert_max_age("max-age=2147483647", 2147483647);
    assert_max_age("max-age=2147483648", limit);
    assert_max_age("max-age=99999999999999999999999999", limit);
}

void an_invalid_value_is_already_stale(void **)
{
    for (const std::string_view line :
         {"max-age=-1", "max-age='60'", "max-age=60.5", "max-age=a100",
          "max-age=100a", "max-age=", "max-age", "max-age =60", "max-age= 60",
          "max-age=\"60", "max-age=\"\"", "max-age=60 70", "max-age=\"60\"x",
          "max-age=60;x"}) {
        assert_max_age(line, 0);
    }
}

void of_duplicates_the_first_counts(void **)
{
    assert_max_age("max-age=1800, max-age=1", 1800);
    assert_max_age("max-age=1, max-age=1800", 1);
}

void one_invalid_duplicate_makes_it_stale(void **)
{
    assert_max_age("max-age=1800, max-age=x", 0);
    assert_max_age("max-age=x, max-age=1800", 0);
}

void what_follows_a_malformed_member_still_counts(void **)
{
    const auto control = parse("max-age=60 x=\"a,b\" y, no-store");
    assert_true(control.max_age == Seconds(0));
    assert_true(control.no_store);
    assert_true(parse("=5, @, no-cache").no_cache);
}

void a_malformed_restriction_holds_and_a_permission_does_not(void **)
{
    const auto control = parse("no-store =x, must-revalidate;, public =1");
    assert_true(control.no_store);
    assert_true(control.must_revalidate);
    assert_false(control.is_public);
}

void max_stale_without_argument_is_any_staleness(void **)
{
    assert_true(parse("max-stale").max_stale == http::kMaxDeltaSeconds);
    assert_true(parse("max-stale=x").max_stale == Seconds(0));
}

void field_names_qualify_no_cache_and_private(void **)
{
    const auto control =
        parse("no-cache=\"Set-Cookie\", private=\"x-a ,, X-B\"");
    assert_false(control.no_cache);
    assert_false(control.is_private);
    assert_int_equal(control.withheld.names().size(), 3);
    assert_true(control.withheld.contains("set-cookie"));
    assert_true(control.withheld.contains("X-A"));
    assert_true(control.withheld.contains("x-b"));
    assert_false(control.withheld.contains("x-c"));
}

void qualified_and_plain_is_plain(void **)
{
    assert_true(parse("private=\"a\", private").is_private);
    assert_true(parse("no-cache, no-cache=\"a\"").no_cache);
}

void unreadable_field_names_mean_the_whole_message(void **)
{
    assert_true(parse("no-cache=\"\"").no_cache);
    assert_true(parse("no-cache=").no_cache);
    assert_true(parse("private=\"a b\"").is_private);
    assert_true(parse("private=\"a").is_private);
    assert_true(
        parse("private=\"a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q\"").is_private);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(names_are_case_insensitive),
        cmocka_unit_test(all_lines_are_one_list),
        cmocka_unit_test(empty_members_are_ignored),
        cmocka_unit_test(every_directive_is_known),
        cmocka_unit_test(unknown_and_similar_names_are_ignored),
        cmocka_unit_test(a_name_inside_quotes_is_no_directive),
        cmocka_unit_test(an_open_quote_hides_the_rest_of_its_line_only),
        cmocka_unit_test(an_argument_may_be_quoted),
        cmocka_unit_test(large_values_saturate),
        cmocka_unit_test(an_invalid_value_is_already_stale),
        cmocka_unit_test(of_duplicates_the_first_counts),
        cmocka_unit_test(one_invalid_duplicate_makes_it_stale),
        cmocka_unit_test(what_follows_a_malformed_member_still_counts),
        cmocka_unit_test(
            a_malformed_restriction_holds_and_a_permission_does_not),
        cmocka_unit_test(max_stale_without_argument_is_any_staleness),
        cmocka_unit_test(field_names_qualify_no_cache_and_private),
        cmocka_unit_test(qualified_and_plain_is_plain),
        cmocka_unit_test(unreadable_field_names_mean_the_whole_message),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
