// RFC 9111 4.1: when two requests select the same variant.
#include <initializer_list>
#include <vector>

#include "cache/vary_key.h"

#include "cmocka.h"

using namespace edge;
using http::Field;

namespace {

std::string key(std::initializer_list<std::string_view> names,
                std::initializer_list<Field> request,
                std::vector<cache::VaryRule> rules = {})
{
    cache::StringListBuilder builder;
    for (const std::string_view name : names) {
        builder.add(name);
    }
    const std::vector<Field> fields = request;
    return cache::vary_key(builder.list(), fields, rules);
}

void nothing_selects_without_names(void **)
{
    assert_sv_equal(key({}, {{"accept", "a"}}), "");
}

void only_the_named_fields_matter(void **)
{
    assert_sv_equal(key({"accept"}, {{"Accept", "a"}, {"X", "1"}}),
                    key({"accept"}, {{"x", "2"}, {"ACCEPT", "a"}}));
}

void another_value_is_another_variant(void **)
{
    assert_true(key({"accept"}, {{"Accept", "a"}}) !=
                key({"accept"}, {{"Accept", "A"}}));
}

void absent_is_not_empty(void **)
{
    assert_true(key({"accept"}, {}) != key({"accept"}, {{"Accept", ""}}));
}

void repeated_lines_are_one_list(void **)
{
    const auto joined = key({"accept"}, {{"Accept", "a, b"}});
    assert_sv_equal(
        key({"accept"}, {{"Accept", "a"}, {"X", ""}, {"accept", "b"}}), joined);
    assert_true(key({"accept"}, {{"Accept", "b"}, {"Accept", "a"}}) != joined);
    assert_true(key({"accept"}, {{"Accept", ""}, {"Accept", ""}}) !=
                key({"accept"}, {{"Accept", ""}}));
}

void space_around_a_value_does_not_matter(void **)
{
    assert_sv_equal(key({"accept"}, {{"Accept", " a\t"}}),
                    key({"accept"}, {{"Accept", "a"}}));
}

void a_value_cannot_pass_for_another_field(void **)
{
    assert_true(key({"a", "b"}, {{"a", "x"}, {"b", "yz"}}) !=
                key({"a", "b"}, {{"a", "xy"}, {"b", "z"}}));
    assert_true(key({"a", "b"}, {{"a", "x"}}) != key({"a", "b"}, {{"b", "x"}}));
}

const std::vector<cache::VaryRule> kLanguage = {
    {"accept"}, {"accept-language", http::Normaliser::language}};
const std::vector<cache::VaryRule> kGerman = {
    {"accept-language", http::Normaliser::language, {"de"}}};

void a_rule_joins_variants_of_one_meaning(void **)
{
    const auto one = key({"accept-language"},
                         {{"Accept-Language", "en, de"}}, kLanguage);
    assert_sv_equal(key({"accept-language"},
                        {{"Accept-Language", "DE"}, {"accept-language", "en"}},
                        kLanguage),
                    one);
    assert_true(key({"accept-language"}, {}, kLanguage) != one);
}

void offered_languages_are_all_that_counts(void **)
{
    const auto one = key({"accept-language"},
                         {{"Accept-Language", "en, de"}}, kGerman);
    assert_sv_equal(key({"accept-language"},
                        {{"Accept-Language", "fr;q=0.5, de"}}, kGerman),
                    one);
    assert_true(key({"accept-language"}, {{"Accept-Language", "fr"}},
                    kGerman) != one);
}

void a_rule_leaves_other_fields_alone(void **)
{
    assert_true(key({"accept"}, {{"Accept", "a, b"}}, kLanguage) !=
                key({"accept"}, {{"Accept", "b, a"}}, kLanguage));
}

// A client could send the text that stands for another's meaning.
void a_text_cannot_pass_for_a_meaning(void **)
{
    const auto meaning = http::normalise(http::Normaliser::language, "en");
    assert_true(key({"accept-language"}, {{"Accept-Language", *meaning}},
                    kLanguage) !=
                key({"accept-language"}, {{"Accept-Language", "en"}},
                    kLanguage));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(nothing_selects_without_names),
        cmocka_unit_test(only_the_named_fields_matter),
        cmocka_unit_test(another_value_is_another_variant),
        cmocka_unit_test(absent_is_not_empty),
        cmocka_unit_test(repeated_lines_are_one_list),
        cmocka_unit_test(space_around_a_value_does_not_matter),
        cmocka_unit_test(a_value_cannot_pass_for_another_field),
        cmocka_unit_test(a_rule_joins_variants_of_one_meaning),
        cmocka_unit_test(offered_languages_are_all_that_counts),
        cmocka_unit_test(a_rule_leaves_other_fields_alone),
        cmocka_unit_test(a_text_cannot_pass_for_a_meaning),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
