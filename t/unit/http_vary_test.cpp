// RFC 9110 12.5.5, RFC 9111 4.1: Vary.
#include <initializer_list>
#include <vector>

#include "http/vary.h"

#include "cmocka.h"

using namespace edge;
using http::Vary;

namespace {

Vary parse(std::initializer_list<std::string_view> lines)
{
    std::vector<http::Field> fields;
    for (const std::string_view line : lines) {
        fields.push_back({"vary", line});
    }
    return http::parse_vary(fields);
}

// `count` different names of `size` bytes.
std::string name_list(std::size_t count, std::size_t size)
{
    std::string text;
    for (std::size_t i = 0; i < count; i++) {
        text += std::string(size - 1, 'x') + static_cast<char>('a' + i) + ",";
    }
    return text;
}

void without_the_field_nothing_selects(void **)
{
    assert_true(parse({}).kind == Vary::Kind::names);
    assert_true(parse({}).names.empty());
    assert_true(parse({"", " , "}).names.empty());
}

void names_are_sorted_lower_case_and_unique(void **)
{
    const auto vary = parse({"Origin, accept-ENCODING", "origin,Accept"});
    const std::vector<std::string> expected = {"accept", "accept-encoding",
                                               "origin"};
    assert_true(vary.names == expected);
}

void a_star_anywhere_matches_nothing(void **)
{
    assert_true(parse({"*"}).kind == Vary::Kind::any);
    assert_true(parse({"foo, *"}).kind == Vary::Kind::any);
    assert_true(parse({"*, foo"}).kind == Vary::Kind::any);
    assert_true(parse({", *"}).kind == Vary::Kind::any);
    assert_true(parse({"foo", "*"}).kind == Vary::Kind::any);
    assert_true(parse({"a b, *"}).kind == Vary::Kind::any);
    assert_true(parse({"*, a b"}).kind == Vary::Kind::any);
}

void a_member_that_is_no_name_makes_it_invalid(void **)
{
    assert_true(parse({"a b"}).kind == Vary::Kind::invalid);
    assert_true(parse({"foo;q=1"}).kind == Vary::Kind::invalid);
    assert_true(parse({"foo, \"bar\""}).names.empty());
}

void more_than_16_names_are_too_many(void **)
{
    assert_true(parse({name_list(16, 5)}).kind == Vary::Kind::names);
    assert_true(parse({name_list(17, 5)}).kind == Vary::Kind::too_many);
    assert_true(parse({name_list(16, 5), name_list(16, 5)}).kind ==
                Vary::Kind::names);
}

void more_than_1_kib_of_names_is_too_many(void **)
{
    assert_true(parse({name_list(8, 128)}).kind == Vary::Kind::names);
    assert_true(parse({name_list(8, 129)}).kind == Vary::Kind::too_many);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(without_the_field_nothing_selects),
        cmocka_unit_test(names_are_sorted_lower_case_and_unique),
        cmocka_unit_test(a_star_anywhere_matches_nothing),
        cmocka_unit_test(a_member_that_is_no_name_makes_it_invalid),
        cmocka_unit_test(more_than_16_names_are_too_many),
        cmocka_unit_test(more_than_1_kib_of_names_is_too_many),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
