#include "cmocka.h"

#include <vector>

#include "limit/fields.h"

using namespace edge::limit;

namespace {

// With `used` of the burst's units taken.
Standing standing(std::string_view policy, std::string_view rate,
                  std::uint64_t burst, std::uint64_t used)
{
    Standing s;
    s.policy = policy;
    Figures figures;
    figures.rate = *parse_rate(rate);
    figures.burst = burst;
    s.allows = policy_of(figures, 0);
    s.meter = *make_meter(figures);
    s.state.remaining = burst - used;
    s.state.time =
        static_cast<double>(used) * std::get<Bucket>(s.meter).interval;
    return s;
}

constexpr Micros kNoon = 1'800'014'400e6; // a Friday in January 2027, UTC

// 1000 units, `remaining` of them there, two hours before the period ends.
Standing quota_standing(Calendar period, std::uint64_t remaining)
{
    Figures figures;
    figures.algorithm = Algorithm::quota;
    figures.quota = {1000, period, 0};
    Standing s;
    s.policy = "q";
    s.allows = policy_of(figures, kNoon);
    s.meter = *make_meter(figures);
    s.state = {remaining, 7200e6};
    return s;
}

Standing denied(Standing s)
{
    s.denied = true;
    return s;
}

void the_policy_names_a_quota_and_its_window(void **)
{
    const std::vector all = {standing("tenant", "600r/m", 100, 0),
                             standing("daily", "1r/d", 1, 0)};
    assert_sv_equal(rate_limit_policy(all),
                    "\"tenant\";q=600;w=60, \"daily\";q=1;w=86400");
}

void the_window_is_as_many_periods_as_hold_the_burst(void **)
{
    assert_sv_equal(
        rate_limit_policy(std::vector{standing("a", "10r/s", 10, 0)}),
        "\"a\";q=10;w=1");
    assert_sv_equal(
        rate_limit_policy(std::vector{standing("a", "10r/s", 11, 0)}),
        "\"a\";q=20;w=2");
    assert_sv_equal(rate_limit_policy(std::vector{standing("a", "5r/h", 7, 0)}),
                    "\"a\";q=10;w=7200");
}

void rate_limit_tells_what_is_left_and_when_there_is_more(void **)
{
    const std::vector all = {standing("a", "10r/s", 10, 1),
                             standing("b", "1r/m", 5, 5)};
    assert_sv_equal(rate_limit(all), "\"a\";r=9;t=1, \"b\";r=0;t=60");
}

void a_full_quota_has_nothing_to_wait_for(void **)
{
    assert_sv_equal(rate_limit(std::vector{standing("a", "10r/s", 3, 0)}),
                    "\"a\";r=3");
}

void the_time_of_the_next_unit_is_rounded_up(void **)
{
    Standing s = standing("a", "1r/m", 5, 5);
    s.state.time = 4 * 60e6 + 1e6;
    assert_sv_equal(rate_limit(std::vector{s}), "\"a\";r=0;t=1");
    s.state.time += 0.25;
    assert_sv_equal(rate_limit(std::vector{s}), "\"a\";r=0;t=2");
}

void a_name_is_a_string_of_structured_fields(void **)
{
    assert_sv_equal(
        rate_limit(std::vector{standing("a\"b\\c\xc3\n", "10r/s", 3, 0)}),
        "\"a\\\"b\\\\c??\";r=3");
}

void retry_after_is_when_all_refusing_limits_have_room(void **)
{
    assert_true(retry_after(std::vector{denied(standing("a", "1r/m", 2, 2)),
                                        denied(standing("b", "1r/h", 1, 1))}) ==
                3600);
    assert_true(retry_after(std::vector{denied(standing("a", "1r/m", 2, 2)),
                                        standing("b", "1r/h", 2, 1)}) == 60);
}

void retry_after_waits_for_the_whole_cost(void **)
{
    Standing s = denied(standing("a", "1r/m", 5, 4));
    s.cost = 3;
    assert_true(retry_after(std::vector{s}) == 120);
}

void retry_after_is_at_least_one_second(void **)
{
    assert_true(
        retry_after(std::vector{denied(standing("a", "1000r/s", 2, 2))}) == 1);
}

void a_cost_above_the_burst_has_no_retry_after(void **)
{
    Standing s = denied(standing("a", "1r/m", 5, 0));
    s.cost = 6;
    assert_none(
        retry_after(std::vector{denied(standing("b", "1r/m", 1, 1)), s}));
}

void no_t_of_a_refusal_is_later_than_retry_after(void **)
{
    const std::vector all = {denied(standing("a", "1r/s", 2, 2)),
                             standing("b", "1r/h", 5, 2)};
    assert_true(retry_after(all) == 1);
    assert_sv_equal(rate_limit(all), "\"a\";r=0;t=1, \"b\";r=3");

    for (std::uint64_t cost = 1; cost <= 5; cost++) {
        Standing s = denied(standing("a", "7r/m", 5, 5));
        s.cost = cost;
        const auto wait = wait_for(s.meter, s.state, 1);
        assert_true(static_cast<double>(*retry_after(std::vector{s})) * 1e6 >=
                    *wait);
    }
}

void who_waits_for_retry_after_is_admitted(void **)
{
    for (const char *rate : {"7r/s", "100r/m", "13r/h"}) {
        const Standing s = denied(standing("a", rate, 3, 3));
        const auto seconds = static_cast<double>(*retry_after(std::vector{s}));
        assert_true(
            decide(std::get<Bucket>(s.meter), s.state.time, seconds * 1e6, 1)
                .allowed);
    }
}

void a_local_share_shows_its_own_view(void **)
{
    Standing s = standing("a", "10r/s", 10, 0);
    s.meter = share(s.meter, 2);
    s.state.remaining = 5;
    assert_sv_equal(rate_limit(std::vector{s}), "\"a\";r=5");
    assert_sv_equal(rate_limit_policy(std::vector{s}), "\"a\";q=10;w=1");
}

void a_window_is_told_as_it_was_written(void **)
{
    Figures figures;
    figures.algorithm = Algorithm::window;
    figures.rate = {100, 60};
    Standing s;
    s.policy = "w";
    s.allows = policy_of(figures, 0);
    s.meter = *make_meter(figures);
    s.state = {7, 12e6};
    assert_sv_equal(rate_limit_policy(std::vector{s}), "\"w\";q=100;w=60");
    assert_sv_equal(rate_limit(std::vector{s}), "\"w\";r=7;t=12");
    s.state.remaining = 100;
    assert_sv_equal(rate_limit(std::vector{s}), "\"w\";r=100");
}

void a_quota_tells_its_period_and_when_it_ends(void **)
{
    assert_sv_equal(
        rate_limit_policy(std::vector{quota_standing(Calendar::hour, 0),
                                      quota_standing(Calendar::day, 0),
                                      quota_standing(Calendar::week, 0),
                                      quota_standing(Calendar::month, 0)}),
        "\"q\";q=1000;w=3600, \"q\";q=1000;w=86400, \"q\";q=1000;w=604800, "
        "\"q\";q=1000;w=2678400");
    const Standing s = denied(quota_standing(Calendar::day, 0));
    assert_sv_equal(rate_limit(std::vector{s}), "\"q\";r=0;t=7200");
    assert_true(retry_after(std::vector{s}) == 7200);
    assert_int_equal(legacy_fields(std::vector{s}).reset, 7200);
}

void the_older_fields_show_the_tightest_limit(void **)
{
    const std::vector passed = {standing("a", "10r/s", 20, 3),
                                standing("b", "1r/m", 5, 2)};
    const LegacyFields fields = legacy_fields(passed);
    assert_int_equal(fields.limit, 5);
    assert_int_equal(fields.remaining, 3);
    assert_int_equal(fields.reset, 120);
}

void the_older_fields_show_the_limit_that_refused(void **)
{
    Standing refused = denied(standing("b", "1r/m", 5, 2));
    refused.cost = 4;
    const std::vector all = {standing("a", "10r/s", 1, 1), refused};
    assert_int_equal(legacy_fields(all).remaining, 3);
}

void the_problem_names_the_limits_that_refused(void **)
{
    const std::vector all = {denied(standing("a", "1r/m", 1, 1)),
                             standing("b", "1r/m", 5, 2),
                             denied(standing("c\"", "1r/s", 1, 1))};
    assert_sv_equal(
        quota_problem(all, 429, retry_after(all)),
        "{\"type\":\"https://iana.org/assignments/http-problem-types"
        "#quota-exceeded\",\"status\":429,"
        "\"detail\":\"Try again in 60 seconds.\","
        "\"violated-policies\":[\"a\",\"c\\\"\"]}");
}

void the_problem_of_a_cost_that_never_fits_says_so(void **)
{
    Standing s = denied(standing("a", "1r/m", 1, 0));
    s.cost = 2;
    assert_sv_equal(
        quota_problem(std::vector{s}, 429, std::nullopt),
        "{\"type\":\"https://iana.org/assignments/http-problem-types"
        "#quota-exceeded\",\"status\":429,"
        "\"detail\":\"This request costs more than the limit ever allows: "
        "ask for less at once.\",\"violated-policies\":[\"a\"]}");
}

void a_closed_fallback_has_a_problem_of_its_own(void **)
{
    assert_sv_equal(
        capacity_problem(1, 503),
        "{\"type\":\"https://iana.org/assignments/http-problem-types"
        "#temporary-reduced-capacity\",\"status\":503,"
        "\"detail\":\"Try again in 1 second.\"}");
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_policy_names_a_quota_and_its_window),
        cmocka_unit_test(the_window_is_as_many_periods_as_hold_the_burst),
        cmocka_unit_test(rate_limit_tells_what_is_left_and_when_there_is_more),
        cmocka_unit_test(a_full_quota_has_nothing_to_wait_for),
        cmocka_unit_test(the_time_of_the_next_unit_is_rounded_up),
        cmocka_unit_test(a_name_is_a_string_of_structured_fields),
        cmocka_unit_test(retry_after_is_when_all_refusing_limits_have_room),
        cmocka_unit_test(retry_after_waits_for_the_whole_cost),
        cmocka_unit_test(retry_after_is_at_least_one_second),
        cmocka_unit_test(a_cost_above_the_burst_has_no_retry_after),
        cmocka_unit_test(no_t_of_a_refusal_is_later_than_retry_after),
        cmocka_unit_test(who_waits_for_retry_after_is_admitted),
        cmocka_unit_test(a_local_share_shows_its_own_view),
        cmocka_unit_test(a_window_is_told_as_it_was_written),
        cmocka_unit_test(a_quota_tells_its_period_and_when_it_ends),
        cmocka_unit_test(the_older_fields_show_the_tightest_limit),
        cmocka_unit_test(the_older_fields_show_the_limit_that_refused),
        cmocka_unit_test(the_problem_names_the_limits_that_refused),
        cmocka_unit_test(the_problem_of_a_cost_that_never_fits_says_so),
        cmocka_unit_test(a_closed_fallback_has_a_problem_of_its_own),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
