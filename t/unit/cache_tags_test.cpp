// Tags: three fields and a directive, one set, nothing lost in silence.
#include <initializer_list>
#include <vector>

#include "cache/tags.h"

#include "cmocka.h"

using namespace edge;
using cache::Reason;
using http::Field;

namespace {

using Tags = std::vector<std::string>;

std::variant<Tags, Reason> collect(std::initializer_list<Field> response,
                                   std::string_view extra = {},
                                   std::uint32_t ignored = 0)
{
    const std::vector<Field> fields = response;
    cache::Policy policy;
    policy.ignored_fields = ignored;
    return cache::collect_tags(fields, extra, policy);
}

Tags tags(std::initializer_list<Field> response, std::string_view extra = {})
{
    const auto result = collect(response, extra);
    assert_true(std::holds_alternative<Tags>(result));
    return std::get<Tags>(result);
}

bool over_limit(std::string_view surrogate_key)
{
    const auto result = collect({{"Surrogate-Key", surrogate_key}});
    const auto *reason = std::get_if<Reason>(&result);
    return reason != nullptr && *reason == Reason::tag_limit;
}

// `count` different tags of `size` bytes.
std::string key_list(std::size_t count, std::size_t size)
{
    std::string text;
    for (std::size_t i = 0; i < count; i++) {
        std::string tag = std::to_string(i);
        text += tag.insert(0, size - tag.size(), 'x') + " ";
    }
    return text;
}

void surrogate_key_is_separated_by_spaces(void **)
{
    const Tags expected = {"a,b", "c"};
    assert_true(tags({{"surrogate-key", "  c  a,b "}}) == expected);
    assert_true(tags({{"XKey", "c"}, {"xkey", "a,b"}}) == expected);
}

void cache_tag_is_separated_by_commas(void **)
{
    const Tags expected = {"a b", "c"};
    assert_true(tags({{"Cache-Tag", "c,, a b ,"}}) == expected);
}

void cache_groups_is_a_list_of_strings(void **)
{
    const Tags expected = {"a, b", "c"};
    assert_true(tags({{"Cache-Groups", "\"c\";p, \"a, b\", \"\""}}) ==
                expected);
}

void a_group_that_is_named_twice_is_one(void **)
{
    const Tags expected = {"a", "b"};
    const std::vector<Field> fields = {
        {"Cache-Groups", "\"b\", \"a\", \"b\""}};
    assert_true(cache::groups(fields, {}) == expected);
}

void a_malformed_cache_groups_is_ignored_as_a_whole(void **)
{
    assert_true(
        tags({{"Cache-Groups", "\"a\""}, {"Cache-Groups", "b"}}).empty());
}

void all_sources_make_one_set(void **)
{
    const Tags expected = {"a", "b", "c", "d"};
    assert_true(tags({{"Surrogate-Key", "b a"},
                      {"Surrogate-Key", "a"},
                      {"Cache-Tag", "a, c"},
                      {"Cache-Groups", "\"a\""}},
                     "d a") == expected);
}

void case_matters(void **)
{
    assert_int_equal(tags({{"Surrogate-Key", "a A"}}).size(), 2);
}

void no_tags_are_an_empty_set(void **)
{
    assert_true(tags({{"Surrogate-Key", " "}, {"Other", "a"}}).empty());
}

void more_than_256_tags_are_too_many(void **)
{
    assert_false(over_limit(key_list(256, 4)));
    assert_true(over_limit(key_list(257, 4)));
}

void a_tag_has_at_most_1024_bytes(void **)
{
    assert_false(over_limit(key_list(1, 1024)));
    assert_true(over_limit(key_list(1, 1025)));
}

void all_tags_have_at_most_16_kib(void **)
{
    assert_false(over_limit(key_list(16, 1024)));
    assert_true(over_limit(key_list(16, 1024) + "x"));
}

void duplicates_do_not_count(void **)
{
    assert_false(over_limit(key_list(256, 64) + key_list(256, 64)));
}

void a_control_byte_refuses_the_response(void **)
{
    assert_true(over_limit("a b\x01"));
    assert_true(over_limit("a\tb"));
    assert_true(over_limit("a\x7f"));
}

void an_ignored_field_names_none(void **)
{
    const auto left_by = [](std::uint32_t ignored) {
        return std::get<Tags>(collect({{"Surrogate-Key", "a"},
                                       {"xkey", "b"},
                                       {"Cache-Tag", "c"},
                                       {"Cache-Groups", "\"d\""}},
                                      "e", ignored));
    };
    assert_true(left_by(cache::kIgnoreSurrogateKey) ==
                Tags({"b", "c", "d", "e"}));
    assert_true(left_by(cache::kIgnoreXkey) == Tags({"a", "c", "d", "e"}));
    assert_true(left_by(cache::kIgnoreCacheTag) == Tags({"a", "b", "d", "e"}));
    assert_true(left_by(cache::kIgnoreCacheGroups) ==
                Tags({"a", "b", "c", "e"}));
    assert_true(left_by(~std::uint32_t{0}) == Tags({"e"}));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(surrogate_key_is_separated_by_spaces),
        cmocka_unit_test(cache_tag_is_separated_by_commas),
        cmocka_unit_test(cache_groups_is_a_list_of_strings),
        cmocka_unit_test(a_group_that_is_named_twice_is_one),
        cmocka_unit_test(a_malformed_cache_groups_is_ignored_as_a_whole),
        cmocka_unit_test(all_sources_make_one_set),
        cmocka_unit_test(case_matters),
        cmocka_unit_test(no_tags_are_an_empty_set),
        cmocka_unit_test(more_than_256_tags_are_too_many),
        cmocka_unit_test(a_tag_has_at_most_1024_bytes),
        cmocka_unit_test(all_tags_have_at_most_16_kib),
        cmocka_unit_test(duplicates_do_not_count),
        cmocka_unit_test(a_control_byte_refuses_the_response),
        cmocka_unit_test(an_ignored_field_names_none),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
