// Replies go to the operations they answer, whoever gave up in between.

#include <deque>
#include <memory>
#include <memory_resource>
#include <random>
#include <vector>

#include "redis/operation.h"
#include "redis/pipeline.h"

#include "cmocka.h" // last: its fail() is a macro

using namespace edge;
using namespace edge::redis;
using namespace std::chrono_literals;

namespace {

void nothing(void *) {}
void count(void *number)
{
    ++*static_cast<int *>(number);
}

std::pmr::memory_resource *memory()
{
    return std::pmr::null_memory_resource();
}

Pipeline::Times times(Micros now)
{
    return Pipeline::Times::of(now, 50ms);
}

void replies_are_matched_by_order(void **)
{
    Pipeline pipeline;
    Operation a(memory(), nothing, nullptr), b(memory(), nothing, nullptr);

    pipeline.push(a, times(0us));
    pipeline.push(b, times(0us));
    assert_ptr_equal(pipeline.pop().operation, &a);
    assert_ptr_equal(pipeline.pop().operation, &b);
    assert_true(pipeline.empty());
}

void the_place_of_a_withdrawn_operation_remains(void **)
{
    Pipeline pipeline;
    Operation b(memory(), nothing, nullptr);
    {
        Operation a(memory(), nothing, nullptr);
        pipeline.push(a, times(0us));
        pipeline.push(b, times(0us));
        assert_ptr_equal(pipeline.target(), memory());
    }
    assert_null(pipeline.target());
    assert_null(pipeline.pop().operation);
    assert_ptr_equal(pipeline.pop().operation, &b);
}

void an_expired_operation_fails_alone_and_its_place_remains(void **)
{
    Pipeline pipeline;
    OperationList ended;
    int completed = 0;
    Operation a(memory(), count, &completed), b(memory(), nothing, nullptr);

    pipeline.push(a, times(0us));
    pipeline.push(b, times(10ms));
    assert_int_equal(pipeline.expire(49ms, ended).operations, 0);
    assert_int_equal(pipeline.expire(50ms, ended).operations, 1);
    assert_true(a.outcome() == Outcome::timed_out);
    assert_true(b.outcome() == Outcome::pending);
    ended.complete_first();
    assert_int_equal(completed, 1);
    assert_null(pipeline.pop().operation);
    assert_ptr_equal(pipeline.pop().operation, &b);
}

void a_short_deadline_behind_a_long_one_is_kept(void **)
{
    Pipeline pipeline;
    OperationList ended;
    Operation slow(memory(), nothing, nullptr);
    Operation quick(memory(), nothing, nullptr);

    pipeline.push(slow, Pipeline::Times::of(0us, 2000ms));
    pipeline.push(quick, Pipeline::Times::of(0us, 50ms));
    assert_true(pipeline.next_deadline() == Micros(50ms));
    assert_int_equal(pipeline.expire(50ms, ended).operations, 1);
    assert_true(quick.outcome() == Outcome::timed_out);
    assert_true(pipeline.next_deadline() == Micros(2000ms));
}

void who_gives_up_early_says_nothing_of_the_node(void **)
{
    Pipeline pipeline;
    OperationList ended;
    Operation hasty(memory(), nothing, nullptr);

    pipeline.push(hasty, Pipeline::Times::of(0us, 5ms, 50ms));
    assert_true(pipeline.next_deadline() == Micros(5ms));
    Pipeline::Expired expired = pipeline.expire(5ms, ended);
    assert_int_equal(expired.operations, 1);
    assert_int_equal(expired.hasty, 1);
    assert_true(expired.longest_hasty == Micros(5ms));
    assert_int_equal(expired.overdue, 0);
    assert_true(hasty.outcome() == Outcome::timed_out);

    assert_true(pipeline.next_deadline() == Micros(50ms));
    expired = pipeline.expire(50ms, ended);
    assert_int_equal(expired.operations, 0);
    assert_int_equal(expired.overdue, 1);
    assert_int_equal(pipeline.expire(60ms, ended).overdue, 0);
}

void what_was_withdrawn_is_never_overdue(void **)
{
    Pipeline pipeline;
    OperationList ended;
    {
        Operation gone(memory(), nothing, nullptr);
        pipeline.push(gone, Pipeline::Times::of(0us, 5ms, 50ms));
    }
    assert_int_equal(pipeline.expire(199ms, ended).overdue, 0);
}

void a_reply_later_than_four_timeouts_does_not_come(void **)
{
    Pipeline brief, usual;
    OperationList ended;
    Operation a(memory(), nothing, nullptr), b(memory(), nothing, nullptr);

    brief.push(a, Pipeline::Times::of(0us, 10ms));
    usual.push(b, Pipeline::Times::of(0us, 100ms));
    Pipeline hasty;
    Operation c(memory(), nothing, nullptr);
    hasty.push(c, Pipeline::Times::of(0us, 10ms, 100ms));
    hasty.expire(1s, ended);
    assert_false(hasty.too_late(399ms));
    assert_true(hasty.too_late(400ms));

    brief.expire(1s, ended);
    assert_true(brief.next_deadline() == Micros(200ms));
    assert_false(brief.too_late(199ms));
    assert_true(brief.too_late(200ms));
    assert_false(usual.too_late(399ms));
    assert_true(usual.too_late(400ms));
    usual.pop();
    assert_false(usual.too_late(1h));
    assert_none(usual.next_deadline());
}

void a_lost_connection_loses_what_is_still_waited_for(void **)
{
    Pipeline pipeline;
    OperationList ended;
    int completed = 0;
    Operation a(memory(), count, &completed), b(memory(), count, &completed);
    Operation c(memory(), count, &completed);

    pipeline.push(a, times(0us));
    pipeline.push(b, times(0us));
    pipeline.push(c, times(0us));
    b.withdraw();
    assert_int_equal(pipeline.lose(ended), 2);
    assert_true(pipeline.empty());
    assert_true(a.outcome() == Outcome::lost);
    assert_true(b.outcome() == Outcome::idle);
    while (!ended.empty()) {
        ended.complete_first();
    }
    assert_int_equal(completed, 2);
}

void an_ended_operation_that_is_destroyed_is_not_completed(void **)
{
    OperationList ended;
    int completed = 0;
    Operation a(memory(), count, &completed), c(memory(), count, &completed);
    {
        Operation b(memory(), count, &completed);
        ended.add(a, Outcome::lost);
        ended.add(b, Outcome::lost);
        ended.add(c, Outcome::lost);
    }
    while (!ended.empty()) {
        ended.complete_first();
    }
    assert_int_equal(completed, 2);
}

struct Domino
{
    std::unique_ptr<Operation> self;
    Domino *other = nullptr;
};

// A coroutine that ends may take others with it.
void a_completion_may_destroy_itself_and_others(void **)
{
    OperationList ended;
    Domino first, second;
    const auto fall = [](void *data) {
        auto *domino = static_cast<Domino *>(data);
        domino->self.reset();
        domino->other->self.reset();
    };

    first = {std::make_unique<Operation>(memory(), fall, &first), &second};
    second = {std::make_unique<Operation>(memory(), fall, &second), &first};
    ended.add(*first.self, Outcome::lost);
    ended.add(*second.self, Outcome::lost);
    ended.complete_first();
    assert_true(ended.empty());
    assert_null(second.self.get());
}

void a_destroyed_pipeline_leaves_its_operations_alone(void **)
{
    Operation a(memory(), nothing, nullptr);
    {
        Pipeline pipeline;
        pipeline.push(a, times(0us));
    }
    a.withdraw();
    assert_true(a.outcome() == Outcome::idle);
}

// The server's side of the random walk: what it will answer, in order.
class Walk
{
public:
    void step(std::mt19937_64 &random)
    {
        now_ += Micros(static_cast<std::int64_t>(random() % 2000));
        const auto dice = random() % 100;

        if (dice < 45 && !pipeline_.full()) {
            submit(random);
        } else if (dice < 80) {
            reply();
        } else if (dice < 92) {
            withdraw(random);
        } else {
            pipeline_.expire(now_, ended_);
        }
        while (!ended_.empty()) {
            ended_.complete_first();
        }
    }

    std::size_t answered = 0, dropped = 0, timed_out = 0;

private:
    struct Waiting
    {
        Waiting(Walk *owner, std::uint64_t asked)
            : walk(owner), question(asked),
              operation(memory(), &Waiting::complete, this)
        {
        }
        static void complete(void *data)
        {
            auto *self = static_cast<Waiting *>(data);
            assert_true(self->operation.outcome() == Outcome::timed_out);
            self->walk->timed_out++;
        }

        Walk *walk;
        std::uint64_t question;
        Operation operation;
    };

    void submit(std::mt19937_64 &random)
    {
        auto waiting = std::make_unique<Waiting>(this, questions_++);
        const auto timeout = Millis(1 + static_cast<int>(random() % 100));
        pipeline_.push(waiting->operation, Pipeline::Times::of(now_, timeout));
        server_.push_back(waiting->question);
        clients_.push_back(std::move(waiting));
    }

    void reply()
    {
        if (server_.empty()) {
            assert_true(pipeline_.empty());
            return;
        }
        const std::uint64_t question = server_.front();
        server_.pop_front();

        const Operation *operation = pipeline_.pop().operation;
        if (operation == nullptr) {
            dropped++;
            return;
        }
        answered++;
        assert_int_equal(asked_by(operation), question);
    }

    // From any of those who have ever asked, waiting or not.
    void withdraw(std::mt19937_64 &random)
    {
        if (!clients_.empty()) {
            const std::size_t victim = random() % clients_.size();
            std::swap(clients_[victim], clients_.back());
            clients_.pop_back();
        }
    }

    std::uint64_t asked_by(const Operation *operation) const
    {
        for (const auto &client : clients_) {
            if (&client->operation == operation) {
                return client->question;
            }
        }
        fail_msg("%s", "a reply for an operation that is gone");
        return 0;
    }

    Micros now_{0};
    std::uint64_t questions_ = 0;
    Pipeline pipeline_;
    OperationList ended_;
    std::deque<std::uint64_t> server_;
    std::vector<std::unique_ptr<Waiting>> clients_;
};

void in_a_million_random_steps_no_reply_is_shifted(void **)
{
    std::mt19937_64 random(20261121);
    std::size_t answered = 0, dropped = 0, timed_out = 0;

    // Many connections, as the number of clients would grow without end.
    for (int connection = 0; connection < 2000; connection++) {
        Walk walk;
        for (int i = 0; i < 500; i++) {
            walk.step(random);
        }
        answered += walk.answered;
        dropped += walk.dropped;
        timed_out += walk.timed_out;
    }
    assert_true(answered > 10000);
    assert_true(dropped > 10000);
    assert_true(timed_out > 10000);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(replies_are_matched_by_order),
        cmocka_unit_test(the_place_of_a_withdrawn_operation_remains),
        cmocka_unit_test(
            an_expired_operation_fails_alone_and_its_place_remains),
        cmocka_unit_test(a_short_deadline_behind_a_long_one_is_kept),
        cmocka_unit_test(who_gives_up_early_says_nothing_of_the_node),
        cmocka_unit_test(what_was_withdrawn_is_never_overdue),
        cmocka_unit_test(a_reply_later_than_four_timeouts_does_not_come),
        cmocka_unit_test(a_lost_connection_loses_what_is_still_waited_for),
        cmocka_unit_test(an_ended_operation_that_is_destroyed_is_not_completed),
        cmocka_unit_test(a_completion_may_destroy_itself_and_others),
        cmocka_unit_test(a_destroyed_pipeline_leaves_its_operations_alone),
        cmocka_unit_test(in_a_million_random_steps_no_reply_is_shifted),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
