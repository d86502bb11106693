// Operations over one connection, with a Redis that is a few lines of text.

#include <deque>
#include <memory_resource>
#include <string>

#include "redis/exchange.h"

#include "cmocka.h" // last: its fail() is a macro

using namespace edge;
using namespace edge::redis;
using namespace std::chrono_literals;

namespace {

constexpr Script kScript("answer", "return 42");
constexpr std::string_view kGet[] = {"GET", "k"};

void count(void *number)
{
    ++*static_cast<int *>(number);
}

struct Fixture
{
    Fixture() { close_breaker(); }

    void close_breaker()
    {
        node.breaker.attempt();
        node.breaker.attempt_succeeded();
        node.breaker.succeeded();
    }

    Exchange::Verdict answer(ReplyType type, std::string_view text,
                             Micros now = 1ms)
    {
        reply = {type, text, 0, {}};
        return exchange.take(&reply, now);
    }

    int complete_all()
    {
        completed = 0;
        while (!node.ended.empty()) {
            node.ended.complete_first();
        }
        return completed;
    }

    int completed = 0;
    Reply reply;
    Node node;
    Output output;
    Exchange exchange{node, output};
    Operation operation{std::pmr::null_memory_resource(), count, &completed};
};

void a_reply_ends_its_operation(void **)
{
    Fixture f;
    assert_true(f.exchange.submit(f.operation, kGet, 0us, 50ms));
    assert_sv_equal(f.output.unsent(), "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n");
    assert_true(f.operation.outcome() == Outcome::pending);

    assert_none(f.answer(ReplyType::bulk, "value", 3ms));
    assert_int_equal(f.complete_all(), 1);
    assert_true(f.operation.outcome() == Outcome::replied);
    assert_sv_equal(f.operation.reply()->text, "value");
    assert_int_equal(f.node.counters.operations, 1);
    assert_int_equal(f.node.counters.latency.count(), 3000);
}

void a_completion_is_never_called_from_inside(void **)
{
    Fixture f;
    f.exchange.submit(f.operation, kGet, 0us, 50ms);
    f.answer(ReplyType::bulk, "value");
    assert_int_equal(f.completed, 0);
}

void an_unknown_script_is_sent_in_full_once(void **)
{
    Fixture f;
    const ScriptCall call{&kScript, {}, {}};

    f.exchange.submit(f.operation, call, 0us, 50ms);
    f.output.clear();
    assert_none(f.answer(ReplyType::error, "NOSCRIPT No matching script."));
    assert_int_equal(f.complete_all(), 0);
    assert_sv_equal(f.output.unsent(),
                    "*3\r\n$4\r\nEVAL\r\n$9\r\nreturn 42\r\n$1\r\n0\r\n");

    assert_none(f.answer(ReplyType::error, "NOSCRIPT No matching script."));
    assert_int_equal(f.complete_all(), 1);
    assert_sv_equal(f.operation.reply()->text, "NOSCRIPT No matching script.");
}

void a_script_sent_in_full_keeps_its_deadline_and_its_turn(void **)
{
    Fixture f;
    const ScriptCall call{&kScript, {}, {}};
    Operation other(std::pmr::null_memory_resource(), count, &f.completed);

    f.exchange.submit(f.operation, call, 0us, 50ms);
    f.exchange.submit(other, kGet, 20ms, 50ms);
    f.answer(ReplyType::error, "NOSCRIPT No matching script.", 30ms);
    f.answer(ReplyType::bulk, "other", 31ms);
    assert_int_equal(f.complete_all(), 1);
    assert_sv_equal(other.reply()->text, "other");

    assert_none(f.exchange.expire(50ms));
    assert_true(f.operation.outcome() == Outcome::timed_out);
}

void a_withdrawn_script_is_not_sent_again(void **)
{
    Fixture f;
    const ScriptCall call{&kScript, {}, {}};

    f.exchange.submit(f.operation, call, 0us, 50ms);
    f.output.clear();
    f.operation.withdraw();
    assert_null(f.exchange.target());
    assert_none(f.exchange.take(nullptr, 1ms));
    assert_true(f.output.empty());
    assert_int_equal(f.complete_all(), 0);
}

void a_reply_nobody_asked_for_closes_the_connection(void **)
{
    Fixture f;
    assert_some(f.answer(ReplyType::status, "OK"));
}

void an_error_of_the_command_alone_is_an_answer(void **)
{
    Fixture f;
    for (int i = 0; i < 10; i++) {
        f.exchange.submit(f.operation, kGet, 0us, 50ms);
        assert_none(f.answer(ReplyType::error, "OOM command not allowed"));
        assert_int_equal(f.complete_all(), 1);
    }
    const auto oom = static_cast<std::size_t>(ErrorKind::oom);
    assert_int_equal(f.node.counters.errors[oom], 10);
    assert_true(f.node.breaker.passes());
}

void an_error_of_the_node_counts_against_it(void **)
{
    Fixture f;
    Exchange::Verdict verdict;
    for (int i = 0; i < 3; i++) {
        assert_none(verdict);
        f.exchange.submit(f.operation, kGet, 0us, 50ms);
        verdict = f.answer(ReplyType::error, "BUSY Redis is busy");
    }
    assert_sv_equal(verdict->why, "busy");
    assert_false(f.node.breaker.passes());
}

Exchange::Verdict answer_at(Fixture &f, std::string_view error, Micros now)
{
    f.exchange.submit(f.operation, kGet, now, 50ms);
    return f.answer(ReplyType::error, error, now);
}

void a_server_that_takes_no_writes_is_left_once_a_second(void **)
{
    constexpr std::string_view error = "READONLY You can't write";
    Fixture f;
    assert_none(answer_at(f, error, 0s));
    f.node.has_others = true;
    assert_true(answer_at(f, error, 1s)->state == NodeState::readonly);
    assert_none(answer_at(f, error, 1999ms));
    assert_some(answer_at(f, error, 2s));
    assert_true(f.node.breaker.passes());
}

void what_says_something_about_the_node_is_news_once(void **)
{
    constexpr std::string_view error = "NOPERM ... run the 'get' command";
    Fixture f;
    assert_none(answer_at(f, error, 1s));
    assert_true(f.exchange.news() == NodeNews::impaired);
    assert_sv_equal(f.node.missing, "get");
    assert_none(answer_at(f, error, 2s));
    assert_true(f.exchange.news() == NodeNews::none);
    f.exchange.submit(f.operation, kGet, 12s, 50ms);
    assert_none(f.answer(ReplyType::bulk, "x", 12s));
    assert_true(f.exchange.news() == NodeNews::recovered);
    assert_true(f.node.impairment.state() == NodeState::up);
}

// Hands everything to one other exchange.
struct To final : Redirector
{
    explicit To(Exchange &other) : exchange(other) {}

    bool redirect(std::string_view error, Operation &operation,
                  const Pipeline::Times &times) override
    {
        calls++;
        return exchange.take_over(operation, times, error.starts_with("ASK"));
    }

    Exchange &exchange;
    int calls = 0;
};

constexpr std::string_view kMoved = "MOVED 1 10.0.0.1:6379";

void what_has_moved_is_asked_for_elsewhere(void **)
{
    Fixture from, to;
    To redirector(to.exchange);
    from.node.redirector = &redirector;
    assert_none(answer_at(from, kMoved, 0s));
    assert_true(from.operation.outcome() == Outcome::pending);
    assert_true(from.node.ended.empty());

    const Reply reply{ReplyType::bulk, "value", 0, {}};
    assert_none(to.exchange.take(&reply, 1ms));
    assert_true(from.operation.outcome() == Outcome::replied);
    assert_sv_equal(from.operation.reply()->text, "value");
}

void what_is_on_its_way_is_asked_for_with_asking(void **)
{
    Fixture from, to;
    To redirector(to.exchange);
    from.node.redirector = &redirector;
    assert_none(answer_at(from, "ASK 1 10.0.0.1:6379", 0s));
    assert_true(to.output.unsent().starts_with("*1\r\n$6\r\nASKING\r\n"));

    const Reply value{ReplyType::bulk, "value", 0, {}};
    assert_null(to.exchange.target());
    assert_none(to.exchange.take(nullptr, 1ms));
    assert_none(to.exchange.take(&value, 1ms));
    assert_sv_equal(from.operation.reply()->text, "value");
}

void what_is_sent_in_circles_is_an_error(void **)
{
    Fixture f;
    To redirector(f.exchange);
    f.node.redirector = &redirector;
    assert_none(answer_at(f, kMoved, 0s));
    assert_none(f.answer(ReplyType::error, kMoved));
    assert_none(f.answer(ReplyType::error, kMoved));
    assert_int_equal(redirector.calls, Exchange::kMaxRedirections);
    assert_true(f.operation.outcome() == Outcome::replied);
    assert_sv_equal(f.operation.reply()->text, kMoved);
}

void the_deadline_of_what_has_moved_stays(void **)
{
    Fixture from, to;
    To redirector(to.exchange);
    from.node.redirector = &redirector;
    answer_at(from, kMoved, 0s);
    to.exchange.expire(49ms);
    assert_true(from.operation.outcome() == Outcome::pending);
    to.exchange.expire(50ms);
    assert_true(from.operation.outcome() == Outcome::timed_out);
}

void an_error_of_the_connection_closes_it(void **)
{
    Fixture f;
    f.exchange.submit(f.operation, kGet, 0us, 50ms);
    assert_sv_equal(f.answer(ReplyType::error, "LOADING Redis")->why,
                    "loading");
    assert_int_equal(f.complete_all(), 1);
}

void three_timeouts_in_a_row_close_it(void **)
{
    Fixture f;
    for (int i = 0; i < 2; i++) {
        f.exchange.submit(f.operation, kGet, 0us, 50ms);
        assert_none(f.exchange.expire(50ms));
        f.complete_all();
    }
    f.exchange.submit(f.operation, kGet, 60ms, 50ms);
    assert_some(f.exchange.expire(110ms));
    assert_int_equal(f.node.counters.timeouts, 3);
    assert_false(f.node.breaker.passes());
}

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

void a_late_reply_is_no_success(void **)
{
    Fixture f;
    f.exchange.submit(f.operation, kGet, 0us, 50ms);
    f.exchange.expire(50ms);
    f.exchange.submit(f.operation, kGet, 50ms, 50ms);
    f.exchange.expire(100ms);
    assert_none(f.exchange.take(nullptr, 101ms));
    f.exchange.submit(f.operation, kGet, 101ms, 50ms);
    assert_some(f.exchange.expire(151ms));
}

void a_server_whose_askers_all_left_is_still_found_dead(void **)
{
    Fixture f;
    f.exchange.submit(f.operation, kGet, 0us, 50ms);
    f.operation.withdraw();
    assert_true(f.exchange.next_deadline() == Micros(200ms));
    assert_none(f.exchange.expire(199ms));
    assert_some(f.exchange.expire(200ms));
}

void closing_loses_what_is_under_way(void **)
{
    Fixture f;
    f.exchange.submit(f.operation, kGet, 0us, 50ms);
    f.exchange.close();
    assert_int_equal(f.complete_all(), 1);
    assert_true(f.operation.outcome() == Outcome::lost);
    assert_int_equal(f.node.counters.lost, 1);
}

void a_server_that_takes_nothing_fills_no_memory(void **)
{
    Fixture f;
    const std::string body(std::size_t{8} << 20, 'x');
    const std::string_view set[] = {"EVAL", body};
    int accepted = 0;
    std::deque<Operation> operations;
    for (int i = 0; i < 10; i++) {
        operations.emplace_back(std::pmr::null_memory_resource(), count,
                                &f.completed);
        accepted += f.exchange.submit(operations.back(), set, 0us, 50ms);
    }
    assert_int_equal(accepted, 4);
    assert_int_equal(f.node.counters.refused, 6);
    assert_true(operations.back().outcome() == Outcome::idle);
}

void the_number_in_flight_has_a_limit(void **)
{
    Fixture f;
    std::deque<Operation> operations;
    for (std::size_t i = 0; i < Pipeline::kMaxInFlight; i++) {
        operations.emplace_back(std::pmr::null_memory_resource(), count,
                                &f.completed);
        assert_true(f.exchange.submit(operations.back(), kGet, 0us, 50ms));
    }
    assert_false(f.exchange.submit(f.operation, kGet, 0us, 50ms));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_reply_ends_its_operation),
        cmocka_unit_test(a_completion_is_never_called_from_inside),
        cmocka_unit_test(an_unknown_script_is_sent_in_full_once),
        cmocka_unit_test(a_script_sent_in_full_keeps_its_deadline_and_its_turn),
        cmocka_unit_test(a_withdrawn_script_is_not_sent_again),
        cmocka_unit_test(a_reply_nobody_asked_for_closes_the_connection),
        cmocka_unit_test(an_error_of_the_command_alone_is_an_answer),
        cmocka_unit_test(an_error_of_the_node_counts_against_it),
        cmocka_unit_test(a_server_that_takes_no_writes_is_left_once_a_second),
        cmocka_unit_test(what_says_something_about_the_node_is_news_once),
        cmocka_unit_test(what_has_moved_is_asked_for_elsewhere),
        cmocka_unit_test(what_is_on_its_way_is_asked_for_with_asking),
        cmocka_unit_test(what_is_sent_in_circles_is_an_error),
        cmocka_unit_test(the_deadline_of_what_has_moved_stays),
        cmocka_unit_test(an_error_of_the_connection_closes_it),
        cmocka_unit_test(three_timeouts_in_a_row_close_it),
        cmocka_unit_test(a_slow_server_is_not_down_for_those_who_can_wait),
        cmocka_unit_test(hasty_operations_wait_three_times_and_no_more),
        cmocka_unit_test(any_answer_shows_that_it_is_fast_again),
        cmocka_unit_test(a_server_that_answers_nothing_is_down_for_all),
        cmocka_unit_test(a_new_connection_is_no_slow_one),
        cmocka_unit_test(a_late_reply_is_no_success),
        cmocka_unit_test(a_server_whose_askers_all_left_is_still_found_dead),
        cmocka_unit_test(closing_loses_what_is_under_way),
        cmocka_unit_test(a_server_that_takes_nothing_fills_no_memory),
        cmocka_unit_test(the_number_in_flight_has_a_limit),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
