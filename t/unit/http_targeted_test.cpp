// RFC 9213: a targeted field stands in for Cache-Control, or is ignored whole.
#include <initializer_list>
#include <vector>

#include "http/targeted.h"

#include "cmocka.h"

using namespace edge;

namespace {

std::optional<http::CacheControl>
parse(std::initializer_list<std::string_view> lines)
{
    std::vector<http::Field> fields;
    for (const std::string_view line : lines) {
        fields.push_back({"cdn-cache-control", line});
    }
    return http::parse_targeted(fields, http::kCdnTarget);
}

void directives_have_their_own_types(void **)
{
    const auto control = parse({"max-age=60, no-store, private=?0, public;x=1",
                                "stale-if-error=5"});
    assert_true(control.has_value());
    assert_true(control->max_age == Seconds(60));
    assert_true(control->stale_if_error == Seconds(5));
    assert_true(control->no_store);
    assert_false(control->is_private);
    assert_true(control->is_public);
}

void of_two_members_with_one_key_the_last_counts(void **)
{
    assert_true(parse({"max-age=1, max-age=2"})->max_age == Seconds(2));
    assert_false(parse({"no-store, no-store=?0"})->no_store);
}

void seconds_saturate_and_are_never_negative(void **)
{
    assert_true(parse({"max-age=999999999999999"})->max_age ==
                http::kMaxDeltaSeconds);
    assert_true(parse({"max-age=-1"})->max_age == Seconds(0));
}

void what_is_no_dictionary_is_not_there(void **)
{
    for (const std::string_view line :
         {"", " ", "max-age=60,", "Max-Age=60", "max-age =60", "max-age=",
          "max-age=60, &&&", "max-age=a;B", "\"max-age\"", "max-age=1e3",
          "max-age=1234567890123456", "a=(1 2", "a=(1,2)"}) {
        if (parse({line})) {
            fail_msg("%s", edge_test::printable(line).c_str());
        }
    }
    assert_none(parse({}));
}

void a_value_of_another_type_spoils_the_field(void **)
{
    for (const std::string_view line :
         {"max-age=\"60\"", "max-age=60.5", "max-age", "max-age=?1",
          "no-store=1", "no-store=\"a\"", "public=yes", "private=1",
          "no-cache=a", "max-age=60, must-revalidate=1"}) {
        if (parse({line})) {
            fail_msg("%s", edge_test::printable(line).c_str());
        }
    }
}

void unknown_keys_are_ignored_with_any_value(void **)
{
    for (const std::string_view line :
         {"max-age=60, x", "max-age=60, x=\"1\"", "x=(a b);c, max-age=60",
          "x=(), max-age=60", "x=( 1  2.5;a ), max-age=60",
          "x=:YQ==:, max-age=60", "x=@1, max-age=60"}) {
        const auto control = parse({line});
        if (!control || control->max_age != Seconds(60)) {
            fail_msg("%s", edge_test::printable(line).c_str());
        }
    }
    // Not empty: it decides, and says nothing.
    assert_true(parse({"none"}).has_value());
}

void field_names_stand_for_the_whole_response(void **)
{
    assert_true(parse({"private=\"x-user\""})->is_private);
    assert_true(parse({"no-cache=\"x-user\""})->no_cache);
    assert_true(parse({"no-cache"})->no_cache);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(directives_have_their_own_types),
        cmocka_unit_test(of_two_members_with_one_key_the_last_counts),
        cmocka_unit_test(seconds_saturate_and_are_never_negative),
        cmocka_unit_test(what_is_no_dictionary_is_not_there),
        cmocka_unit_test(a_value_of_another_type_spoils_the_field),
        cmocka_unit_test(unknown_keys_are_ignored_with_any_value),
        cmocka_unit_test(field_names_stand_for_the_whole_response),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
