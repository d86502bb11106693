// RFC 9110 12.5: which texts of a request field mean the same.
#include <initializer_list>

#include "http/preference.h"

#include "cmocka.h"

using namespace edge;
using http::Normaliser;

namespace {

void assert_same(Normaliser normaliser,
                 std::initializer_list<std::string_view> texts)
{
    const auto first = http::normalise(normaliser, *texts.begin());
    assert_true(first.has_value());
    for (const std::string_view text : texts) {
        if (http::normalise(normaliser, text) != first) {
            fail_msg("%s", edge_test::printable(text).c_str());
        }
    }
}

void assert_different(Normaliser normaliser, std::string_view a,
                      std::string_view b)
{
    if (http::normalise(normaliser, a) == http::normalise(normaliser, b)) {
        fail_msg("%s", edge_test::printable(a).c_str());
    }
}

void assert_unread(Normaliser normaliser,
                   std::initializer_list<std::string_view> texts)
{
    for (const std::string_view text : texts) {
        if (http::normalise(normaliser, text)) {
            fail_msg("%s", edge_test::printable(text).c_str());
        }
    }
}

void spaces_in_a_list_mean_nothing(void **)
{
    assert_same(Normaliser::list, {"1,2", " 1, 2 ", "1 ,\t2", ",1,,2,"});
    assert_different(Normaliser::list, "1,2", "2,1");
    assert_different(Normaliser::list, "1,2", "1, 2a");
}

void quotes_keep_a_list_s_text_together(void **)
{
    assert_different(Normaliser::list, "\"a, b\"", "\"a,b\"");
    assert_different(Normaliser::list, "\"a\\\", b\"", "\"a\\\",b\"");
    assert_same(Normaliser::list, {"\"a, b\",c", "\"a, b\" , c"});
}

void codings_are_a_set(void **)
{
    assert_same(Normaliser::encoding,
                {"gzip, br", "br,gzip", "GZIP;q=0.5, br;q=1.0",
                 "gzip, br, deflate;q=0", "x-gzip, br", "gzip, br, identity",
                 "br, gzip, br"});
    assert_different(Normaliser::encoding, "gzip", "gzip, br");
    assert_different(Normaliser::encoding, "gzip", "");
    // Dictionaries (RFC 9842) are codings of their own.
    assert_different(Normaliser::encoding, "gzip, dcb", "gzip");
}

void refused_codings_are_kept_where_they_matter(void **)
{
    assert_different(Normaliser::encoding, "gzip", "gzip, identity;q=0");
    assert_different(Normaliser::encoding, "*", "*, gzip;q=0");
    assert_same(Normaliser::encoding, {"gzip, *;q=0", "gzip, identity;q=0"});
    assert_same(Normaliser::encoding, {"gzip, identity, *;q=0", "gzip"});
}

void languages_with_one_weight_have_no_order(void **)
{
    assert_same(Normaliser::language,
                {"en, de", "de, en", "eN, De", " en ,   de", "en;q=1, de;q=1.0",
                 "en, de, en"});
    assert_same(Normaliser::language,
                {"de;q=0.8, en", "en, de;q=0.80", "en;Q=1.000,de;q=0.8"});
    assert_different(Normaliser::language, "en, de", "en, de;q=0.9");
    assert_different(Normaliser::language, "en", "en, de;q=0");
    assert_different(Normaliser::language, "en", "en-GB");
}

std::string best(std::string_view value)
{
    constexpr std::string_view offered[] = {"de", "en", "pt-br"};
    return http::best_languages(value, offered).value_or("?");
}

void the_best_of_the_offered_languages_counts(void **)
{
    assert_sv_equal(best("en, fr;q=0.5"), "en,");
    assert_sv_equal(best("fr, EN;q=0.5, de;q=0.4"), "en,");
    assert_sv_equal(best("en, de"), "de,en,");
    assert_sv_equal(best("de-AT, en;q=0.9"), "de,");
    assert_sv_equal(best("pt, en;q=0.9"), "pt-br,");
    assert_sv_equal(best("pt-pt"), "");
    assert_sv_equal(best("*;q=0.1, de;q=0"), "en,pt-br,");
    assert_sv_equal(best("eng"), "");
    assert_sv_equal(best(""), "");
    assert_sv_equal(best("en;x=1"), "?");
}

void what_cannot_be_read_is_left_alone(void **)
{
    for (const Normaliser normaliser :
         {Normaliser::encoding, Normaliser::language}) {
        assert_unread(normaliser,
                      {"a b", "a;q", "a;q=", "a;q=2", "a;q=1.1", "a;q=0.0001",
                       "a;q=-1", "a;q=0.x", "a;level=1", "a;q=1;x=2", ";q=1",
                       "a;q=.5", "a, a;q=0", "a=b", "a;q=01"});
    }
    assert_unread(Normaliser::none, {"a", ""});
}

void a_coding_is_accepted_by_name_or_by_star(void **)
{
    for (const std::string_view text :
         {"gzip", "x-gzip", "GZip;q=0.001", "br, gzip", "*", "br;q=0,*;q=0.2",
          ",gzip,", "*;q=0, gzip"}) {
        assert_true(http::accepts_coding(text, "gzip"));
    }
    for (const std::string_view text :
         {"", "br", "gzip;q=0", "*, gzip;q=0.000", "*;q=0", "gzipp",
          "identity", "gzip br", "gzip;q=2", "gzip, =", "gzip;q"}) {
        assert_false(http::accepts_coding(text, "gzip"));
    }
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(spaces_in_a_list_mean_nothing),
        cmocka_unit_test(quotes_keep_a_list_s_text_together),
        cmocka_unit_test(codings_are_a_set),
        cmocka_unit_test(refused_codings_are_kept_where_they_matter),
        cmocka_unit_test(languages_with_one_weight_have_no_order),
        cmocka_unit_test(the_best_of_the_offered_languages_counts),
        cmocka_unit_test(what_cannot_be_read_is_left_alone),
        cmocka_unit_test(a_coding_is_accepted_by_name_or_by_star),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
