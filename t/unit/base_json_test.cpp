// What somebody sent, as part of an answer.

#include "base/json.h"

#include "cmocka.h"

using namespace edge;

namespace {

void a_text_is_quoted_as_json(void **)
{
    assert_sv_equal(shown(""), "\"\"");
    assert_sv_equal(shown("a\"b\\c\n"), R"("a\"b\\c\n")");
    assert_sv_equal(shown("\xc3\xbc"), "\"\xc3\xbc\"");
}

void a_long_text_is_cut(void **)
{
    const std::string most(kMostShown, 'x');
    assert_sv_equal(shown(most), '"' + most + '"');
    assert_sv_equal(shown(most + "y"), '"' + most + '"');
}

void what_is_no_utf_8_is_replaced(void **)
{
    const std::string_view replaced = "\"a\xef\xbf\xbd\"";
    assert_sv_equal(shown("a\xff"), replaced);
    const std::string most(kMostShown - 1, 'x');
    assert_sv_equal(shown(most + "\xc3\xbc"), '"' + most + "\xef\xbf\xbd\"");
}

// Says which callbacks were called.
class Numbers final : public JsonReader
{
public:
    int numbers = 0;
    bool is_wrong = false;

    bool number_unsigned(number_unsigned_t) override
    {
        numbers++;
        return true;
    }
    bool string(string_t &) override { return wrong_type(); }
    bool start_object(std::size_t) override { return wrong_type(); }
    bool key(string_t &) override { return wrong_type(); }
    bool end_object() override { return wrong_type(); }
    bool start_array(std::size_t) override { return true; }
    bool end_array() override { return true; }
    bool parse_error(std::size_t, const std::string &,
                     const nlohmann::json::exception &) override
    {
        return false;
    }

private:
    bool wrong_type() override
    {
        is_wrong = true;
        return false;
    }
};

void what_a_reader_does_not_expect_ends_it(void **)
{
    for (const std::string_view wrong : {"null", "true", "-1", "1.5"}) {
        Numbers reader;
        const std::string text = "[1," + std::string(wrong) + ",2]";
        assert_false(nlohmann::json::sax_parse(text, &reader));
        assert_true(reader.is_wrong);
        assert_int_equal(reader.numbers, 1);
    }
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_text_is_quoted_as_json),
        cmocka_unit_test(a_long_text_is_cut),
        cmocka_unit_test(what_is_no_utf_8_is_replaced),
        cmocka_unit_test(what_a_reader_does_not_expect_ends_it),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
