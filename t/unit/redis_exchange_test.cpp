// What becomes of an operation, and of the connection it is sent over.

#include <deque>
#include <string>

#include "redis_exchange_fixture.h"

using namespace edge_test;

namespace {

constexpr Script kScript("answer", "return 42");

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
        cmocka_unit_test(an_error_of_the_connection_closes_it),
        cmocka_unit_test(three_timeouts_in_a_row_close_it),
        cmocka_unit_test(a_late_reply_is_no_success),
        cmocka_unit_test(a_server_whose_askers_all_left_is_still_found_dead),
        cmocka_unit_test(closing_loses_what_is_under_way),
        cmocka_unit_test(a_server_that_takes_nothing_fills_no_memory),
        cmocka_unit_test(the_number_in_flight_has_a_limit),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
