#include "http/form.h"

#include "cmocka.h"

using namespace edge::http;

namespace {

void is(std::string_view text,
        std::initializer_list<std::pair<std::string, std::string>> expected)
{
    const auto form = parse_form(text);
    assert_some(form);
    assert_int_equal(form->size(), expected.size());
    std::size_t i = 0;
    for (const auto &[name, value] : expected) {
        assert_true((*form)[i].name == name);
        assert_true((*form)[i].value == value);
        i++;
    }
}

void names_and_values_come_in_their_order(void **)
{
    is("", {});
    is("a=1&b=2&a=3", {{"a", "1"}, {"b", "2"}, {"a", "3"}});
    is("a&b=&=c&&", {{"a", ""}, {"b", ""}, {"", "c"}});
    is("a=b=c", {{"a", "b=c"}});
}

void both_are_decoded_once(void **)
{
    is("u=%2Fp%3Fx%3D1%26y", {{"u", "/p?x=1&y"}});
    is("%61=%2541", {{"a", "%41"}});
    is("a=b+c%2Bd%20e", {{"a", "b c+d e"}});
    is("a=%00%fF", {{"a", std::string("\0\xff", 2)}});
}

void a_percent_sign_has_two_digits(void **)
{
    for (const char *text : {"%", "a=%", "a=%4", "a=%4g", "a=%g4", "a%=", "a%4&b=1"}) {
        assert_none(parse_form(text));
    }
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(names_and_values_come_in_their_order),
        cmocka_unit_test(both_are_decoded_once),
        cmocka_unit_test(a_percent_sign_has_two_digits),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
