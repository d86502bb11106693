#include "cmocka.h"

#include "limit/rate.h"

using namespace edge::limit;

namespace {

void a_rate_is_a_number_of_requests_per_unit(void **)
{
    assert_true(parse_rate("100r/s") == (Rate{100, 1}));
    assert_true(parse_rate("600r/m") == (Rate{600, 60}));
    assert_true(parse_rate("5r/h") == (Rate{5, 3600}));
    assert_true(parse_rate("1r/d") == (Rate{1, 86400}));
}

void anything_else_is_no_rate(void **)
{
    for (const char *text : {"", "r/s", "0r/s", "-1r/s", "+1r/s", "1.5r/s", "1",
                             "1r", "1r/", "1r/w", "1r/S", "1r/ss", "1 r/s",
                             " 1r/s", "1r/s ", "1R/s", "1/s", "1r/r/s"}) {
        assert_none(parse_rate(text));
    }
}

void a_rate_has_an_upper_bound_per_second(void **)
{
    assert_true(parse_rate("1000000r/s") == (Rate{1'000'000, 1}));
    assert_none(parse_rate("1000001r/s"));
    assert_true(parse_rate("86400000000r/d") == (Rate{86'400'000'000, 86400}));
    assert_none(parse_rate("86400000001r/d"));
    assert_none(parse_rate("99999999999999999999999r/s"));
}

void a_burst_is_a_number_from_one(void **)
{
    assert_true(parse_burst("1") == 1);
    assert_true(parse_burst("1000000000") == 1'000'000'000);
    for (const char *text : {"", "0", "-1", "1.5", "1000000001", "10k",
                             "99999999999999999999999"}) {
        assert_none(parse_burst(text));
    }
}

void the_interval_is_rounded_up_to_a_quarter_of_a_microsecond(void **)
{
    assert_true(emission_interval({100, 1}) == 10'000);
    assert_true(emission_interval({1, 86400}) == 86'400'000'000);
    assert_true(emission_interval({300, 1}) == 3333.5);
    assert_true(emission_interval({70'000, 1}) == 14.5);
    assert_true(emission_interval({1'000'000, 1}) == 1);
}

void the_interval_never_admits_more_than_the_rate(void **)
{
    for (std::uint64_t units = 1; units <= 5000; units++) {
        const Micros interval = emission_interval({units, 1});
        const double per_second = 1e6 / interval;
        const auto rate = static_cast<double>(units);
        assert_true(interval * rate >= 1e6);
        assert_true(per_second >= rate * 0.9987);
        assert_true(
            interval * 4 ==
            static_cast<double>(static_cast<std::uint64_t>(interval * 4)));
    }
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_rate_is_a_number_of_requests_per_unit),
        cmocka_unit_test(anything_else_is_no_rate),
        cmocka_unit_test(a_rate_has_an_upper_bound_per_second),
        cmocka_unit_test(a_burst_is_a_number_from_one),
        cmocka_unit_test(
            the_interval_is_rounded_up_to_a_quarter_of_a_microsecond),
        cmocka_unit_test(the_interval_never_admits_more_than_the_rate),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
