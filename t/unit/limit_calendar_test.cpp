#include "cmocka.h"

#include "limit/calendar.h"

using namespace edge::limit;

namespace {

// Seconds since 1970, UTC; from date(1).
constexpr double kFirst = 1'798'761'600; // 2027-01-01 00:00:00, a Friday
constexpr double kHour = 3600;
constexpr double kDay = 86400;

double end(Calendar period, double seconds, std::int32_t offset = 0)
{
    return period_end({1, period, offset}, seconds * 1e6) / 1e6;
}

void periods_begin_at_the_full_hour_day_monday_and_first(void **)
{
    const double now = kFirst + 10 * kHour + 61;
    assert_true(end(Calendar::hour, now) == kFirst + 11 * kHour);
    assert_true(end(Calendar::day, now) == kFirst + kDay);
    assert_true(end(Calendar::week, now) == kFirst + 3 * kDay);
    assert_true(end(Calendar::month, now) == kFirst + 31 * kDay);
}

void the_beginning_belongs_to_a_period_and_the_end_to_the_next(void **)
{
    for (const auto period :
         {Calendar::hour, Calendar::day, Calendar::week, Calendar::month}) {
        const double last = end(period, kFirst);
        assert_true(end(period, last - 1e-6) == last);
        assert_true(end(period, last) > last);
    }
}

void an_offset_moves_the_beginning(void **)
{
    constexpr std::int32_t berlin = 3600;
    constexpr std::int32_t kolkata = 19800;
    constexpr std::int32_t new_york = -18000;
    assert_true(end(Calendar::day, kFirst, berlin) == kFirst + 23 * kHour);
    assert_true(end(Calendar::hour, kFirst, kolkata) == kFirst + 1800);
    assert_true(end(Calendar::month, kFirst, new_york) == kFirst + 5 * kHour);
    assert_true(end(Calendar::month, kFirst - kHour, berlin) ==
                kFirst + 31 * kDay - kHour);
}

void months_are_as_long_as_the_calendar_says(void **)
{
    constexpr int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    double begin = kFirst;
    for (int year = 2027; year < 2101; year++) {
        for (int month = 0; month < 12; month++) {
            const bool leap = year % 4 == 0 && year != 2100 && month == 1;
            const double last = begin + (days[month] + leap) * kDay;
            assert_true(end(Calendar::month, begin) == last);
            assert_true(end(Calendar::month, last - 1) == last);
            assert_int_equal(
                period_seconds({1, Calendar::month, 0}, last * 1e6),
                static_cast<std::uint64_t>(last - begin));
            begin = last;
        }
    }
}

void a_count_lasts_as_long_as_its_period(void **)
{
    const Quota quota{5, Calendar::day, 0};
    const QuotaCount count{period_end(quota, kFirst * 1e6), 3};
    assert_true(roll(quota, count, (kFirst + kDay - 1) * 1e6) == count);
    const QuotaCount next = roll(quota, count, (kFirst + kDay) * 1e6);
    assert_true(next == (QuotaCount{(kFirst + 2 * kDay) * 1e6, 0}));
}

void a_clock_that_went_back_over_a_beginning_gives_no_second_quota(void **)
{
    for (const auto period :
         {Calendar::hour, Calendar::day, Calendar::week, Calendar::month}) {
        const Quota quota{5, period, 0};
        const double begin = end(period, kFirst);
        const QuotaCount count{period_end(quota, begin * 1e6), 3};
        assert_true(roll(quota, count, (begin - 1) * 1e6) == count);
    }
}

void quotas_are_read(void **)
{
    assert_true(parse_quota("1000/hour") == (Quota{1000, Calendar::hour, 0}));
    assert_true(parse_quota("1/day") == (Quota{1, Calendar::day, 0}));
    assert_true(parse_quota("7/week") == (Quota{7, Calendar::week, 0}));
    assert_true(parse_quota("1000000000000/month") ==
                (Quota{1e12, Calendar::month, 0}));
    for (const char *wrong :
         {"", "/", "1", "1/", "/day", "0/day", "-1/day", "1/days", "1/Day",
          "1 /day", "x/day", "1000000000001/day", "1/day/day"}) {
        assert_none(parse_quota(wrong));
    }
}

void offsets_are_read(void **)
{
    assert_true(parse_offset("+00:00") == 0);
    assert_true(parse_offset("+01:00") == 3600);
    assert_true(parse_offset("-05:30") == -19800);
    assert_true(parse_offset("+14:00") == 50400);
    for (const char *wrong : {"", "+1:00", "01:00", "+01.00", "+14:01",
                              "+01:60", "+0x:00", "+01:00 ", "UTC"}) {
        assert_none(parse_offset(wrong));
    }
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(periods_begin_at_the_full_hour_day_monday_and_first),
        cmocka_unit_test(
            the_beginning_belongs_to_a_period_and_the_end_to_the_next),
        cmocka_unit_test(an_offset_moves_the_beginning),
        cmocka_unit_test(months_are_as_long_as_the_calendar_says),
        cmocka_unit_test(a_count_lasts_as_long_as_its_period),
        cmocka_unit_test(
            a_clock_that_went_back_over_a_beginning_gives_no_second_quota),
        cmocka_unit_test(quotas_are_read),
        cmocka_unit_test(offsets_are_read),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
