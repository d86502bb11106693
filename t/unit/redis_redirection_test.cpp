// What a node of a cluster sends elsewhere.

#include "redis_exchange_fixture.h"

using namespace edge_test;

namespace {

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

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(what_has_moved_is_asked_for_elsewhere),
        cmocka_unit_test(what_is_on_its_way_is_asked_for_with_asking),
        cmocka_unit_test(what_is_sent_in_circles_is_an_error),
        cmocka_unit_test(the_deadline_of_what_has_moved_stays),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
