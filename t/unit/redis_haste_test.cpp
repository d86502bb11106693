// Operations that wait for less time than the node is given.

#include "redis_exchange_fixture.h"

using namespace edge_test;

namespace {

// Limits are waited for 5 ms, the node is given 50.
struct Hasty : Fixture
{
    Hasty() { node.patience = 50ms; }

    // One that is answered `latency` later; whether it was sent.
    bool ask(Millis latency, Millis timeout = 5ms)
    {
        if (!exchange.submit(operation, kGet, now, timeout)) {
            return false;
        }
        for (const Millis end = now + latency; now < end; now += 1ms) {
            assert_none(exchange.expire(std::chrono::microseconds(now)));
        }
        assert_none(answer(ReplyType::bulk, "value", now));
        complete_all();
        return true;
    }

    Millis now{0};
};

void a_slow_server_is_not_down_for_those_who_can_wait(void **)
{
    Hasty f;
    int sent = 0;
    for (int i = 0; i < 1000; i++) {
        sent += f.ask(8ms);
        f.now += 1ms;
        assert_true(f.ask(8ms, 50ms));
        assert_sv_equal(f.operation.reply()->text, "value");
    }
    assert_true(f.node.breaker.passes());
    // The first three, and one now and then.
    assert_in_range(sent, 10, 40);
}

void hasty_operations_wait_three_times_and_no_more(void **)
{
    Hasty f;
    for (int i = 0; i < 3; i++) {
        assert_true(f.ask(8ms));
        assert_true(f.operation.outcome() == Outcome::timed_out);
    }
    assert_false(f.ask(8ms));
    assert_true(f.ask(8ms, 20ms));
}

void any_answer_shows_that_it_is_fast_again(void **)
{
    Hasty f;
    while (f.ask(8ms)) {
    }
    f.ask(2ms, 50ms);
    assert_true(f.ask(8ms)); // on probation
    assert_false(f.ask(8ms));
    f.ask(2ms, 50ms);
    f.ask(2ms, 50ms);
    for (int i = 0; i < 3; i++) {
        assert_true(f.ask(8ms));
    }
    assert_false(f.ask(8ms));
}

void a_server_that_answers_nothing_is_down_for_all(void **)
{
    Hasty f;
    for (int i = 0; i < 3; i++) {
        assert_true(f.exchange.submit(f.operation, kGet, Millis(i), 5ms));
        assert_none(f.exchange.expire(Millis(i + 5)));
    }
    assert_none(f.exchange.expire(51ms));
    assert_some(f.exchange.expire(52ms));
    assert_false(f.node.breaker.passes());
    assert_int_equal(f.node.counters.timeouts, 3);
}

void a_new_connection_is_no_slow_one(void **)
{
    Hasty f;
    while (f.ask(8ms)) {
    }
    Exchange next(f.node, f.output);
    assert_true(next.submit(f.operation, kGet, f.now, 5ms));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_slow_server_is_not_down_for_those_who_can_wait),
        cmocka_unit_test(hasty_operations_wait_three_times_and_no_more),
        cmocka_unit_test(any_answer_shows_that_it_is_fast_again),
        cmocka_unit_test(a_server_that_answers_nothing_is_down_for_all),
        cmocka_unit_test(a_new_connection_is_no_slow_one),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
