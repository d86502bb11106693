// RFC 9110 5.6.7: HTTP-date.
#include <cstdlib>
#include <ctime>

#include "http/date.h"

#include "cmocka.h"

using namespace edge;

namespace {

constexpr WallTime at(std::int64_t seconds)
{
    return WallTime(Seconds(seconds));
}

// Sun, 06 Nov 1994 08:49:37 GMT
constexpr WallTime kExample = at(784111777);
// Sat, 21 Nov 2026 00:00:00 GMT
constexpr WallTime kNow = at(1795219200);

void assert_date(std::string_view text, std::optional<WallTime> expected)
{
    if (http::parse_date(text, kNow) != expected) {
        fail_msg("%s", edge_test::printable(text).c_str());
    }
}

void all_three_forms_are_read(void **)
{
    assert_date("Sun, 06 Nov 1994 08:49:37 GMT", kExample);
    assert_date("Sunday, 06-Nov-94 08:49:37 GMT", kExample);
    assert_date("Sun Nov  6 08:49:37 1994", kExample);
    assert_date("Sun Nov 16 08:49:37 1994", kExample + std::chrono::days(10));
}

void case_does_not_matter(void **)
{
    assert_date("SUN, 06 nOV 1994 08:49:37 gmt", kExample);
}

void a_zone_that_is_not_gmt_is_no_date(void **)
{
    assert_date("Sun, 06 Nov 1994 08:49:37 UTC", std::nullopt);
    assert_date("Sun, 06 Nov 1994 08:49:37 AEST", std::nullopt);
    assert_date("Sun, 06 Nov 1994 08:49:37 +0000", std::nullopt);
    assert_date("Sun, 06 Nov 1994 08:49:37", std::nullopt);
}

void what_only_looks_like_a_date_is_none(void **)
{
    for (const std::string_view text :
         {"", "0", "-1", "Sun", "Sun,", "Sun 06 Nov 1994 08:49:37 GMT",
          "Sun, 06  Nov  1994 08:49:37 GMT", "Sun, 06-Nov-1994 08:49:37 GMT",
          "Sun, 06 Nov 94 08:49:37 GMT", "Sun, 06 Nov 1994 08.49.37 GMT",
          "Sun, 06 Nov 1994 8:49:37 GMT", "Sun, 6 Nov 1994 08:49:37 GMT",
          "Xxx, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Xov 1994 08:49:37 GMT",
          "Sun, 06 Nov 1994 08:49:37 GMT ", "Sun, 06 Nov 1994 08:49:37 GMTx",
          "Sunday, 06-Nov-1994 08:49:37 GMT", "Sun Nov 6 08:49:37 1994",
          "Sun, +6 Nov 1994 08:49:37 GMT"}) {
        assert_date(text, std::nullopt);
    }
}

void numbers_out_of_range_are_no_date(void **)
{
    for (const std::string_view text :
         {"Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 31 Nov 1994 08:49:37 GMT",
          "Wed, 29 Feb 1995 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
          "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 Nov 1994 08:49:61 GMT"}) {
        assert_date(text, std::nullopt);
    }
}

void a_leap_second_is_the_next_second(void **)
{
    assert_date("Sat, 31 Dec 2016 23:59:60 GMT", at(1483228800));
}

void a_two_digit_year_is_at_most_50_years_ahead(void **)
{
    // 50 years after kNow to the second, and the second after.
    assert_date("Saturday, 21-Nov-76 00:00:00 GMT",
                http::parse_date("Sat, 21 Nov 2076 00:00:00 GMT", kNow));
    assert_date("Sunday, 22-Nov-76 12:00:00 GMT",
                http::parse_date("Mon, 22 Nov 1976 12:00:00 GMT", kNow));
    assert_date("Monday, 01-Jan-77 00:00:00 GMT",
                http::parse_date("Sat, 01 Jan 1977 00:00:00 GMT", kNow));
    assert_date("Friday, 01-Jan-27 00:00:00 GMT",
                http::parse_date("Fri, 01 Jan 2027 00:00:00 GMT", kNow));
}

void the_century_turns_with_now(void **)
{
    const WallTime later =
        *http::parse_date("Mon, 01 Jan 2080 00:00:00 GMT", kNow);
    assert_true(http::parse_date("Friday, 01-Jan-10 00:00:00 GMT", later) ==
                http::parse_date("Wed, 01 Jan 2110 00:00:00 GMT", later));
    assert_true(http::parse_date("Friday, 01-Jan-94 00:00:00 GMT", later) ==
                http::parse_date("Fri, 01 Jan 2094 00:00:00 GMT", later));
}

void far_dates_are_read(void **)
{
    assert_date("Thu, 01 Jan 1970 00:00:00 GMT", at(0));
    assert_date("Fri, 31 Dec 9999 23:59:59 GMT", at(253402300799));
    assert_date("Sat, 01 Jan 0000 00:00:00 GMT", at(-62167219200));
}

void a_formatted_date_is_imf_fixdate(void **)
{
    const auto text = http::format_date(kExample + Millis(999));
    assert_sv_equal(std::string_view(text.data(), text.size()),
                    "Sun, 06 Nov 1994 08:49:37 GMT");
}

void every_formatted_date_reads_back(void **)
{
    for (std::int64_t seconds = -86400; seconds < 253402300799;
         seconds += 86400 * 333 + 3661) {
        const auto text = http::format_date(at(seconds));
        assert_date({text.data(), text.size()}, at(seconds));
    }
}

void the_time_zone_of_the_process_changes_nothing(void **)
{
    setenv("TZ", "Asia/Kolkata", 1);
    tzset();
    all_three_forms_are_read(nullptr);
    const auto text = http::format_date(kExample);
    assert_sv_equal(std::string_view(text.data(), text.size()),
                    "Sun, 06 Nov 1994 08:49:37 GMT");
    unsetenv("TZ");
    tzset();
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(all_three_forms_are_read),
        cmocka_unit_test(case_does_not_matter),
        cmocka_unit_test(a_zone_that_is_not_gmt_is_no_date),
        cmocka_unit_test(what_only_looks_like_a_date_is_none),
        cmocka_unit_test(numbers_out_of_range_are_no_date),
        cmocka_unit_test(a_leap_second_is_the_next_second),
        cmocka_unit_test(a_two_digit_year_is_at_most_50_years_ahead),
        cmocka_unit_test(the_century_turns_with_now),
        cmocka_unit_test(far_dates_are_read),
        cmocka_unit_test(a_formatted_date_is_imf_fixdate),
        cmocka_unit_test(every_formatted_date_reads_back),
        cmocka_unit_test(the_time_zone_of_the_process_changes_nothing),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
