// RFC 9110 8.8.3 and 13: entity-tags and conditional requests.
#include <initializer_list>
#include <vector>

#include "http/conditional.h"
#include "http/etag.h"

#include "cmocka.h"

using namespace edge;
using http::Field;

namespace {

constexpr std::string_view kModified = "Sun, 06 Nov 1994 08:49:37 GMT";
constexpr std::string_view kEarlier = "Sun, 06 Nov 1994 08:49:36 GMT";
constexpr std::string_view kLater = "Sun, 06 Nov 1994 08:49:38 GMT";
constexpr WallTime kModifiedTime{Seconds(784111777)};
constexpr WallTime kNow = kModifiedTime + std::chrono::hours(24);

http::Validators stored(std::string_view etag,
                        std::string_view last_modified = {})
{
    return {200, etag, last_modified, kModifiedTime + Seconds(1)};
}

bool not_modified(std::initializer_list<Field> request,
                  const http::Validators &validators)
{
    const std::vector<Field> fields = request;
    return http::is_not_modified(fields, validators, kNow);
}

bool range_holds(std::initializer_list<Field> request,
                 const http::Validators &validators)
{
    const std::vector<Field> fields = request;
    return http::if_range_holds(fields, validators, kNow);
}

void an_entity_tag_is_quoted(void **)
{
    assert_some(http::parse_entity_tag("\"\""));
    assert_some(http::parse_entity_tag(" \"a,b\" "));
    assert_true(http::parse_entity_tag("W/\"a\"")->weak);
    assert_sv_equal(http::parse_entity_tag("W/\"a\"")->opaque, "\"a\"");
    for (const std::string_view text :
         {"", "a", "\"a", "a\"", "w/\"a\"", "W/a", "W/ \"a\"", "\"a\"b",
          "\"a b\"", "\"a\\\"b\"", "\"a\x7f\"", "\""}) {
        assert_none(http::parse_entity_tag(text));
    }
}

void a_comma_inside_a_tag_separates_nothing(void **)
{
    http::EntityTagReader tags(", \"a,b\" ,W/\"c\",,");
    assert_sv_equal(tags.next()->opaque, "\"a,b\"");
    assert_sv_equal(tags.next()->opaque, "\"c\"");
    assert_none(tags.next());
}

void what_is_no_tag_is_skipped(void **)
{
    http::EntityTagReader tags("a, \"b\" x, w/\"c\", \"d\"");
    assert_sv_equal(tags.next()->opaque, "\"d\"");
    assert_none(tags.next());
}

void if_none_match_compares_weakly(void **)
{
    const auto weak = stored("W/\"a\"");
    assert_true(not_modified({{"If-None-Match", "\"a\""}}, weak));
    assert_true(not_modified({{"If-None-Match", "W/\"a\""}}, stored("\"a\"")));
    assert_false(not_modified({{"If-None-Match", "\"b\""}}, weak));
}

void if_none_match_is_a_list_over_all_lines(void **)
{
    assert_true(not_modified({{"If-None-Match", "\"x\", \"y,a\""},
                              {"if-none-match", "\"a\", \"z\""}},
                             stored("\"a\"")));
    assert_false(
        not_modified({{"If-None-Match", "\"x,\"a\",\""}}, stored("\"a\"")));
}

void a_star_matches_whatever_is_stored(void **)
{
    assert_true(not_modified({{"If-None-Match", "*"}}, stored("")));
}

void an_unquoted_stored_tag_matches_nothing(void **)
{
    assert_false(not_modified({{"If-None-Match", "a"}}, stored("a")));
    assert_false(not_modified({{"If-None-Match", "\"a\""}}, stored("a")));
}

void if_none_match_decides_alone(void **)
{
    const auto both = stored("\"a\"", kModified);
    assert_true(not_modified(
        {{"If-None-Match", "\"a\""}, {"If-Modified-Since", kEarlier}}, both));
    assert_false(not_modified(
        {{"If-None-Match", "\"b\""}, {"If-Modified-Since", kLater}}, both));
    assert_false(not_modified(
        {{"If-None-Match", ""}, {"If-Modified-Since", kLater}}, both));
}

void if_modified_since_at_or_after_last_modified(void **)
{
    const auto validators = stored("", kModified);
    assert_true(not_modified({{"If-Modified-Since", kModified}}, validators));
    assert_true(not_modified({{"If-Modified-Since", kLater}}, validators));
    assert_false(not_modified({{"If-Modified-Since", kEarlier}}, validators));
}

void an_invalid_or_repeated_if_modified_since_is_ignored(void **)
{
    const auto validators = stored("", kModified);
    assert_false(not_modified({{"If-Modified-Since", "now"}}, validators));
    assert_false(not_modified(
        {{"If-Modified-Since", kLater}, {"If-Modified-Since", kLater}},
        validators));
}

void without_last_modified_date_takes_its_place(void **)
{
    assert_true(not_modified({{"If-Modified-Since", kLater}}, stored("")));
    assert_false(not_modified({{"If-Modified-Since", kModified}}, stored("")));
}

void only_a_stored_200_is_compared(void **)
{
    auto validators = stored("\"a\"");
    validators.status = 404;
    assert_false(not_modified({{"If-None-Match", "\"a\""}}, validators));
    assert_false(not_modified({{"If-None-Match", "*"}}, validators));
}

void an_unconditional_request_gets_everything(void **)
{
    assert_false(not_modified({}, stored("\"a\"", kModified)));
}

void if_range_compares_strongly(void **)
{
    assert_true(range_holds({}, stored("\"a\"")));
    assert_true(range_holds({{"If-Range", "\"a\""}}, stored("\"a\"")));
    assert_false(range_holds({{"If-Range", "\"b\""}}, stored("\"a\"")));
    assert_false(range_holds({{"If-Range", "W/\"a\""}}, stored("W/\"a\"")));
    assert_false(range_holds({{"If-Range", "\"a\""}}, stored("W/\"a\"")));
    assert_false(range_holds({{"If-Range", "W/\"a\""}}, stored("\"a\"")));
    assert_false(range_holds({{"If-Range", "\"a\", \"b\""}}, stored("\"a\"")));
    assert_false(range_holds({{"If-Range", "\"a\""}, {"If-Range", "\"a\""}},
                             stored("\"a\"")));
}

void a_date_in_if_range_must_be_exact_and_strong(void **)
{
    auto validators = stored("", kModified);
    assert_true(range_holds({{"If-Range", kModified}}, validators));
    assert_false(range_holds({{"If-Range", kLater}}, validators));
    assert_false(range_holds({{"If-Range", kEarlier}}, validators));
    assert_false(range_holds({{"If-Range", kModified}}, stored("\"a\"")));

    validators.date = kModifiedTime;
    assert_false(range_holds({{"If-Range", kModified}}, validators));
}

void if_match_and_if_unmodified_since_are_the_origins(void **)
{
    const std::vector<Field> match = {{"if-match", "*"}};
    const std::vector<Field> since = {{"If-Unmodified-Since", kModified}};
    const std::vector<Field> none = {{"If-None-Match", "*"}};
    assert_true(http::has_origin_precondition(match));
    assert_true(http::has_origin_precondition(since));
    assert_false(http::has_origin_precondition(none));
}

void a_date_told_by_another_clock_is_weak(void **)
{
    auto validators = stored("", kModified);
    validators.is_dated = false;
    assert_false(range_holds({{"If-Range", kModified}}, validators));
    assert_true(
        not_modified({{"If-Modified-Since", kModified}}, validators));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(an_entity_tag_is_quoted),
        cmocka_unit_test(a_comma_inside_a_tag_separates_nothing),
        cmocka_unit_test(what_is_no_tag_is_skipped),
        cmocka_unit_test(if_none_match_compares_weakly),
        cmocka_unit_test(if_none_match_is_a_list_over_all_lines),
        cmocka_unit_test(a_star_matches_whatever_is_stored),
        cmocka_unit_test(an_unquoted_stored_tag_matches_nothing),
        cmocka_unit_test(if_none_match_decides_alone),
        cmocka_unit_test(if_modified_since_at_or_after_last_modified),
        cmocka_unit_test(an_invalid_or_repeated_if_modified_since_is_ignored),
        cmocka_unit_test(without_last_modified_date_takes_its_place),
        cmocka_unit_test(only_a_stored_200_is_compared),
        cmocka_unit_test(an_unconditional_request_gets_everything),
        cmocka_unit_test(if_range_compares_strongly),
        cmocka_unit_test(a_date_in_if_range_must_be_exact_and_strong),
        cmocka_unit_test(if_match_and_if_unmodified_since_are_the_origins),
        cmocka_unit_test(a_date_told_by_another_clock_is_weak),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
