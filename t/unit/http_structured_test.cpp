// RFC 9651 4.2: a List of Strings, all or nothing.
#include <initializer_list>
#include <vector>

#include "http/structured.h"

#include "cmocka.h"

using namespace edge;

namespace {

using Strings = std::vector<std::string>;

std::optional<Strings> parse(std::initializer_list<std::string_view> lines)
{
    std::vector<http::Field> fields;
    for (const std::string_view line : lines) {
        fields.push_back({"cache-groups", line});
    }
    return http::parse_string_list(fields, "Cache-Groups");
}

void members_are_strings_over_all_lines(void **)
{
    const Strings expected = {"a", "b c", "D"};
    assert_true(parse({"\"a\"", "\"b c\" ,\t\"D\""}) == expected);
    assert_true(parse({"\"\""}) == Strings{""});
}

// RFC 9651 3: what a parser has to have room for.
void a_list_may_have_1024_strings_of_1024_bytes_and_256_parameters(void **)
{
    const std::string text(1024, 'a');
    std::string line = '"' + text + '"';
    for (int i = 0; i < 256; i++) {
        line += ";p" + std::to_string(i);
    }
    for (int i = 1; i < 1024; i++) {
        line += ", \"" + text + '"';
    }
    const auto parsed = parse({line});
    assert_true(parsed == Strings(1024, text));
}

void a_dictionary_may_have_1024_keys_of_64_bytes(void **)
{
    std::string line;
    for (int i = 0; i < 1024; i++) {
        std::string key = "k" + std::to_string(i);
        key.append(64 - key.size(), '_');
        line += (line.empty() ? "" : ", ") + key + "=" + std::to_string(i);
    }
    const http::Field fields[] = {{"X", line}};
    const auto members = http::parse_dictionary(fields, "X");
    assert_true(members && members->size() == 1024);
    assert_int_equal(members->back().value.number, 1023);
}

void no_field_and_an_empty_one_are_an_empty_list(void **)
{
    assert_true(parse({}) == Strings{});
    assert_true(parse({" "}) == Strings{});
}

void escapes_are_resolved(void **)
{
    assert_true(parse({"\"a\\\"b\\\\c\""}) == Strings{"a\"b\\c"});
}

void parameters_are_read_and_ignored(void **)
{
    for (const std::string_view line :
         {"\"a\";x", "\"a\"; x;  *y-z_.9", "\"a\";x=1;y=-12.125", "\"a\";x=?0",
          "\"a\";x=tok:en/*", "\"a\";x=:YQ==:", "\"a\";x=\"s\\\"\"",
          "\"a\";x=@-17", "\"a\";x=%\"f%c3%bc\"", "\"a\";x=123456789012345"}) {
        if (parse({line}) != Strings{"a"}) {
            fail_msg("%s", edge_test::printable(line).c_str());
        }
    }
}

void one_error_spoils_the_whole_field(void **)
{
    for (const std::string_view line : {"a",
                                        "1",
                                        "\"a",
                                        "\"a\",",
                                        "\"a\", ,\"b\"",
                                        ",\"a\"",
                                        "\"a\" \"b\"",
                                        "\"a\", b",
                                        "(\"a\")",
                                        "\"a\\b\"",
                                        "\"a\\",
                                        "\"\xc3\xbc\"",
                                        "\"\t\"",
                                        "\"a\";",
                                        "\"a\";X",
                                        "\"a\";x=",
                                        "\"a\" ;x",
                                        "\"a\";x=?2",
                                        "\"a\";x=1.",
                                        "\"a\";x=1.1234",
                                        "\"a\";x=1234567890123456",
                                        "\"a\";x=1234567890123.1",
                                        "\"a\";x=@1.5",
                                        "\"a\";x=:YQ",
                                        "\"a\";x=%\"%C3\"",
                                        "\"a\";x=%\"%f",
                                        "\"a\";x=:=YQ=:",
                                        "\"a\";x=:Y=Q=:",
                                        "\"a\";x=:YQ===:",
                                        "\"a\";x=-",
                                        "\"a\";x=(1)",
                                        "\"a\";x=\"b",
                                        "\"a\";1x"}) {
        if (parse({line})) {
            fail_msg("%s", edge_test::printable(line).c_str());
        }
    }
    assert_none(parse({"\"a\"", ""}));
}

// RFC 9651 4.2.10
void a_display_string_is_utf_8(void **)
{
    for (const std::string_view text :
         {"", "a", "%7f", "%c3%bc", "%e2%82%ac", "%ed%9f%bf", "%ee%80%80",
          "%f0%90%80%80", "%f4%8f%bf%bf"}) {
        const std::string line = "\"a\";x=%\"" + std::string(text) + "\"";
        assert_some(parse({line}));
    }
    // Cut short, overlong, a surrogate, above U+10FFFF, no first byte.
    for (const std::string_view text :
         {"%c3", "%e2%82", "%f0%90%80", "%c3%28", "%e2%28%a1", "%c0%80",
          "%e0%80%80", "%f0%80%80%80", "%ed%a0%80", "%f4%90%80%80", "%f5",
          "%80", "%ff"}) {
        const std::string line = "\"a\";x=%\"" + std::string(text) + "\"";
        if (parse({line})) {
            fail_msg("%s", line.c_str());
        }
    }
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(members_are_strings_over_all_lines),
        cmocka_unit_test(
            a_list_may_have_1024_strings_of_1024_bytes_and_256_parameters),
        cmocka_unit_test(a_dictionary_may_have_1024_keys_of_64_bytes),
        cmocka_unit_test(no_field_and_an_empty_one_are_an_empty_list),
        cmocka_unit_test(escapes_are_resolved),
        cmocka_unit_test(parameters_are_read_and_ignored),
        cmocka_unit_test(one_error_spoils_the_whole_field),
        cmocka_unit_test(a_display_string_is_utf_8),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
