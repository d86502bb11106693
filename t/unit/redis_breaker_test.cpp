// When a node is left alone, and how soon it is tried again.

#include <cstdint>
#include <random>

#include "redis/breaker.h"

#include "cmocka.h" // last: its fail() is a macro

using namespace edge;
using namespace edge::redis;
using State = Breaker::State;

namespace {

Breaker closed_breaker()
{
    Breaker breaker;
    breaker.attempt();
    breaker.attempt_succeeded();
    breaker.succeeded();
    return breaker;
}

void nothing_passes_before_the_first_attempt_has_succeeded(void **)
{
    Breaker breaker;
    assert_false(breaker.passes());
    breaker.attempt();
    assert_true(breaker.state() == State::half_open);
    assert_false(breaker.passes());
    breaker.attempt_succeeded();
    assert_true(breaker.passes());
}

void three_failures_in_a_row_open_it(void **)
{
    Breaker breaker = closed_breaker();
    assert_false(breaker.failed());
    assert_false(breaker.failed());
    assert_true(breaker.passes());
    assert_true(breaker.failed());
    assert_false(breaker.passes());
}

void a_success_between_failures_starts_the_count_anew(void **)
{
    Breaker breaker = closed_breaker();
    for (int i = 0; i < 100; i++) {
        assert_false(breaker.failed());
        assert_false(breaker.failed());
        breaker.succeeded();
    }
    assert_true(breaker.passes());
}

void a_lost_connection_opens_it(void **)
{
    Breaker breaker = closed_breaker();
    breaker.lost();
    assert_false(breaker.passes());
}

void after_an_attempt_the_first_failure_opens_it_again(void **)
{
    Breaker breaker;
    breaker.attempt();
    breaker.attempt_succeeded();
    assert_true(breaker.failed());

    breaker.attempt();
    breaker.attempt_succeeded();
    breaker.succeeded();
    assert_false(breaker.failed());
}

void failures_while_open_do_not_close_or_break_anything(void **)
{
    Breaker breaker = closed_breaker();
    for (int i = 0; i < 10; i++) {
        breaker.failed();
    }
    assert_true(breaker.state() == State::open);
}

void delays_double_from_50_to_800_ms_half_at_random(void **)
{
    const int expected[] = {50, 100, 200, 400, 800, 800, 800, 800};
    std::mt19937_64 random(1);

    for (int round = 0; round < 1000; round++) {
        Breaker breaker = closed_breaker();
        for (const int longest : expected) {
            const Millis delay = breaker.next_delay(random());
            assert_in_range(delay.count(), longest / 2, longest);
        }
    }
    Breaker least = closed_breaker(), most = closed_breaker();
    assert_int_equal(least.next_delay(0).count(), 25);
    assert_int_equal(most.next_delay(25).count(), 50);
}

void delays_start_over_only_after_an_operation_succeeded(void **)
{
    Breaker breaker;
    for (int i = 0; i < 6; i++) {
        breaker.next_delay(0);
        breaker.attempt();
        breaker.attempt_succeeded();
        breaker.failed();
    }
    assert_int_equal(breaker.next_delay(0).count(), 400);
    breaker.succeeded();
    assert_int_equal(breaker.next_delay(0).count(), 25);
}

void attempts_never_stop_coming(void **)
{
    Breaker breaker;
    for (int i = 0; i < 100000; i++) {
        assert_in_range(breaker.next_delay(UINT64_MAX).count(), 25, 800);
    }
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(nothing_passes_before_the_first_attempt_has_succeeded),
        cmocka_unit_test(three_failures_in_a_row_open_it),
        cmocka_unit_test(a_success_between_failures_starts_the_count_anew),
        cmocka_unit_test(a_lost_connection_opens_it),
        cmocka_unit_test(after_an_attempt_the_first_failure_opens_it_again),
        cmocka_unit_test(failures_while_open_do_not_close_or_break_anything),
        cmocka_unit_test(delays_double_from_50_to_800_ms_half_at_random),
        cmocka_unit_test(delays_start_over_only_after_an_operation_succeeded),
        cmocka_unit_test(attempts_never_stop_coming),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
