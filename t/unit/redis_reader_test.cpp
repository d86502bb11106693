// Replies out of foreign bytes: what is right comes out right however it is
// cut, what is not ends the stream before memory is spent on it.

#include <algorithm>
#include <memory>
#include <memory_resource>
#include <new>
#include <string>
#include <vector>

#include "redis/reader.h"

#include "cmocka.h" // last: its fail() is a macro

using namespace edge::redis;
using Status = Reader::Status;

namespace {

// Counts what is asked for.
class CountingResource final : public std::pmr::memory_resource
{
public:
    std::size_t allocated = 0;

private:
    void *do_allocate(std::size_t size, std::size_t align) override
    {
        allocated += size;
        return arena_.allocate(size, align);
    }
    void do_deallocate(void *, std::size_t, std::size_t) override {}
    bool do_is_equal(const memory_resource &other) const noexcept override
    {
        return this == &other;
    }

    std::pmr::monotonic_buffer_resource arena_;
};

class FailingResource final : public std::pmr::memory_resource
{
    void *do_allocate(std::size_t, std::size_t) override
    {
        throw std::bad_alloc();
    }
    void do_deallocate(void *, std::size_t, std::size_t) override {}
    bool do_is_equal(const memory_resource &other) const noexcept override
    {
        return this == &other;
    }
};

// "+OK (1 2 (nil))" and so on: a reply on one line.
std::string shown(const Reply &reply)
{
    switch (reply.type) {
    case ReplyType::status:
        return "+" + std::string(reply.text);
    case ReplyType::error:
        return "-" + std::string(reply.text);
    case ReplyType::integer:
        return ":" + std::to_string(reply.integer);
    case ReplyType::nil:
        return "nil";
    case ReplyType::bulk:
        return "$" + std::string(reply.text);
    case ReplyType::array:
        break;
    }
    std::string all = "(";
    for (const Reply &element : reply.elements) {
        all += (all.size() > 1 ? " " : "") + shown(element);
    }
    return all + ")";
}

// Reads one reply fed in pieces of `step` bytes.
std::string read_in_steps(std::string_view bytes, std::size_t step)
{
    CountingResource memory;
    Reader reader;

    for (std::size_t i = 0; i < bytes.size(); i += step) {
        reader.feed(bytes.substr(i, step));
        const Reader::Next next = reader.next(&memory);
        if (next.status == Status::reply) {
            return shown(*next.reply);
        }
        if (next.status != Status::incomplete) {
            return "violated: " + std::string(describe(reader.violation()));
        }
    }
    return "incomplete";
}

std::string read_whole(std::string_view bytes)
{
    return read_in_steps(bytes, bytes.size());
}

Violation violation_of(std::string_view bytes, const ReplyLimits &limits = {})
{
    CountingResource memory;
    Reader reader(limits);

    reader.feed(bytes);
    while (reader.next(&memory).status == Status::reply) {
    }
    return reader.violation();
}

void every_type_is_read(void **)
{
    assert_sv_equal(read_whole("+OK\r\n"), "+OK");
    assert_sv_equal(read_whole("-ERR no\r\n"), "-ERR no");
    assert_sv_equal(read_whole(":-42\r\n"), ":-42");
    assert_sv_equal(read_whole("$-1\r\n"), "nil");
    assert_sv_equal(read_whole("*-1\r\n"), "nil");
    assert_sv_equal(read_whole("$4\r\na\r\nb\r\n"), "$a\r\nb");
    assert_sv_equal(read_whole("$0\r\n\r\n"), "$");
    assert_sv_equal(read_whole("*0\r\n"), "()");
    assert_sv_equal(read_whole("*3\r\n:1\r\n*2\r\n$1\r\nx\r\n$-1\r\n+Y\r\n"),
                    "(:1 ($x nil) +Y)");
}

void cuts_change_nothing(void **)
{
    const std::string_view bytes =
        "*4\r\n$5\r\nhello\r\n*2\r\n:7\r\n*0\r\n-E x\r\n$-1\r\n";
    for (std::size_t step = 1; step <= bytes.size(); step++) {
        assert_sv_equal(read_in_steps(bytes, step),
                        "($hello (:7 ()) -E x nil)");
    }
}

// Large ones are received where they stay.

constexpr ReplyLimits kSmall{.bytes = 4096, .large = 16};

// As a connection does it: what has room of its own is not fed.
std::string read_directly(std::string_view bytes, std::size_t step)
{
    CountingResource memory;
    Reader reader(kSmall);
    std::string all;

    while (!bytes.empty()) {
        const std::span<char> space = reader.space(&memory);
        const std::size_t size =
            std::min({step, bytes.size(), space.empty() ? step : space.size()});
        if (space.empty()) {
            reader.feed(bytes.substr(0, size));
        } else {
            std::copy_n(bytes.begin(), size, space.begin());
            reader.received(size);
        }
        bytes.remove_prefix(size);
        for (auto next = reader.next(&memory);
             next.status != Status::incomplete; next = reader.next(&memory)) {
            if (next.status == Status::violated) {
                return all + "violated";
            }
            all += shown(*next.reply) + " ";
        }
    }
    return all;
}

// What is behind a bulk, and what it is behind, is read by another.
void replies_behind_each_other_are_the_same_however_they_are_cut(void **)
{
    const std::string_view bytes =
        "$5\r\nhello\r\n$-1\r\n$0\r\n\r\n*2\r\n$1\r\nx\r\n:7\r\n"
        "$6\r\na\r\n\r\nb\r\n+OK\r\n$1\r\ny\r\n:1\r\n-E x\r\n$3\r\nend\r\n";
    const std::string_view right =
        "$hello nil $ ($x :7) $a\r\n\r\nb +OK $y :1 -E x $end ";
    for (std::size_t step = 1; step <= bytes.size(); step++) {
        assert_sv_equal(read_directly(bytes, step), right);
    }
}

void a_large_bulk_is_the_same_however_it_is_cut(void **)
{
    const std::string large(100, 'x');
    const std::string bytes =
        "+a\r\n$100\r\n" + large + "\r\n:1\r\n$100\r\n" + large + "\r\n+b\r\n";
    const std::string right = "+a $" + large + " :1 $" + large + " +b ";
    for (std::size_t step = 1; step <= bytes.size(); step++) {
        assert_sv_equal(read_directly(bytes, step), right);
    }
}

void a_large_bulk_behind_another_is_received_where_it_stays_too(void **)
{
    CountingResource memory;
    Reader reader(kSmall);
    reader.feed("$100\r\nxx");
    assert_true(reader.next(&memory).status == Status::incomplete);
    std::ranges::fill(reader.space(&memory), 'x');
    reader.received(98);
    assert_true(reader.next(&memory).status == Status::incomplete);
    reader.feed("\r\n$90\r\nyyyy");
    assert_true(reader.next(&memory).status == Status::reply);
    assert_true(reader.next(&memory).status == Status::incomplete);
    assert_int_equal(reader.space(&memory).size(), 86);
}

void the_rest_of_a_large_bulk_is_fed_with_what_is_behind_it(void **)
{
    CountingResource memory;
    Reader reader(kSmall);
    const std::string most(90, 'x');
    reader.feed("$100\r\n");
    assert_true(reader.next(&memory).status == Status::incomplete);
    reader.feed(most);
    assert_true(reader.next(&memory).status == Status::incomplete);
    assert_true(reader.space(&memory).empty());
    reader.feed("xxxxxxxxxx\r\n:7\r\n");
    assert_sv_equal(shown(*reader.next(&memory).reply),
                    "$" + most + "xxxxxxxxxx");
    assert_sv_equal(shown(*reader.next(&memory).reply), ":7");
}

void a_large_bulk_without_an_end_is_a_violation(void **)
{
    const std::string bytes = "$100\r\n" + std::string(102, 'x');
    for (std::size_t step = 1; step <= bytes.size(); step++) {
        assert_sv_equal(read_directly(bytes, step), "violated");
    }
}

void a_large_bulk_over_the_limit_is_not_begun(void **)
{
    CountingResource memory;
    Reader reader(kSmall);
    reader.feed("$4097\r\nx");
    assert_true(reader.next(&memory).status == Status::violated);
    assert_true(reader.violation() == Violation::too_long);
    assert_int_equal(memory.allocated, 0);
}

void a_large_bulk_that_nobody_waits_for_touches_nothing(void **)
{
    auto memory = std::make_unique<CountingResource>();
    Reader reader(kSmall);
    reader.feed("$100\r\nxx");
    assert_true(reader.next(memory.get()).status == Status::incomplete);
    assert_int_equal(reader.space(memory.get()).size(), 98);
    memory.reset();
    assert_true(reader.space(nullptr).empty());
    const std::string rest = std::string(98, 'x') + "\r\n:7\r\n";
    reader.feed(rest);
    assert_true(reader.next(nullptr).status == Status::dropped);

    CountingResource other;
    const Reader::Next next = reader.next(&other);
    assert_sv_equal(shown(*next.reply), ":7");
}

void no_memory_for_a_large_bulk_is_a_violation(void **)
{
    FailingResource memory;
    Reader reader(kSmall);
    reader.feed("$100\r\nxx");
    assert_true(reader.next(&memory).status == Status::violated);
    assert_true(reader.violation() == Violation::out_of_memory);
}

void a_reply_lies_in_the_memory_of_its_operation(void **)
{
    CountingResource first, second;
    Reader reader;

    reader.feed("$5\r\nfirst\r\n$6\r\nsecond\r\n");
    const Reader::Next one = reader.next(&first);
    const std::size_t after_one = first.allocated;
    const Reader::Next two = reader.next(&second);
    assert_sv_equal(one.reply->text, "first");
    assert_sv_equal(two.reply->text, "second");
    assert_true(after_one >= 5 + sizeof(Reply));
    assert_int_equal(first.allocated, after_one);
    assert_true(second.allocated >= 6 + sizeof(Reply));
}

void nobody_waiting_is_a_dropped_reply(void **)
{
    CountingResource memory;
    Reader reader;

    reader.feed("*2\r\n$1\r\na\r\n*1\r\n:1\r\n+next\r\n");
    assert_true(reader.next(nullptr).status == Status::dropped);
    const Reader::Next next = reader.next(&memory);
    assert_true(next.status == Status::reply);
    assert_sv_equal(next.reply->text, "next");
}

// The first half of a reply lies in memory that is gone with its operation.
void withdrawal_in_the_middle_touches_nothing_more(void **)
{
    Reader reader;

    auto gone = std::make_unique<CountingResource>();
    reader.feed("*2\r\n*2\r\n$1\r\na\r\n");
    assert_true(reader.next(gone.get()).status == Status::incomplete);
    gone.reset();
    reader.feed("$1\r\nb\r\n");
    assert_true(reader.next(nullptr).status == Status::incomplete);
    reader.feed(":1\r\n");
    assert_true(reader.next(nullptr).status == Status::dropped);
    assert_true(reader.next(nullptr).status == Status::incomplete);
}

void a_question_before_the_first_byte_drops_nothing(void **)
{
    CountingResource memory;
    Reader reader;

    assert_true(reader.next(nullptr).status == Status::incomplete);
    reader.feed("+OK\r\n");
    assert_true(reader.next(&memory).status == Status::reply);
    assert_true(reader.next(nullptr).status == Status::incomplete);
    reader.feed("+OK\r\n");
    assert_true(reader.next(&memory).status == Status::reply);
}

void a_declared_length_over_the_limit_ends_the_stream_at_once(void **)
{
    const ReplyLimits limits{.bytes = 1000};

    assert_true(violation_of("$1001\r\n", limits) == Violation::too_long);
    assert_true(violation_of("$1000\r\n", limits) == Violation::none);
    assert_true(violation_of("$99999999999\r\n") == Violation::too_long);
    assert_true(violation_of("$9223372036854775807\r\n") ==
                Violation::too_long);
    assert_true(violation_of("$9999999999999999999\r\n") ==
                Violation::protocol);
}

void all_texts_of_a_reply_count_together(void **)
{
    const ReplyLimits limits{.bytes = 10 + 2 * sizeof(Reply)};

    assert_true(violation_of("*2\r\n$5\r\n12345\r\n$5\r\n12345\r\n", limits) ==
                Violation::none);
    assert_true(violation_of("*2\r\n$5\r\n12345\r\n$6\r\n123456\r\n", limits) ==
                Violation::too_long);
    assert_true(violation_of("*2\r\n$5\r\n12345\r\n$6\r\n1", limits) ==
                Violation::too_long);
    // The next reply starts from nothing.
    assert_true(violation_of("$9\r\n123456789\r\n$9\r\n123456789\r\n",
                             limits) == Violation::none);
}

void elements_are_counted_before_memory_is_spent(void **)
{
    CountingResource memory;
    Reader reader;

    reader.feed("*2147483647\r\n");
    assert_true(reader.next(&memory).status == Status::violated);
    assert_true(reader.violation() == Violation::too_many_elements);
    assert_int_equal(memory.allocated, 0);

    const ReplyLimits limits{.elements = 3};
    assert_true(violation_of("*3\r\n", limits) == Violation::none);
    assert_true(violation_of("*4\r\n", limits) == Violation::too_many_elements);
    assert_true(violation_of("*1\r\n*2\r\n", limits) == Violation::none);
    assert_true(violation_of("*1\r\n*3\r\n", limits) ==
                Violation::too_many_elements);
}

void limits_hold_for_dropped_replies(void **)
{
    Reader reader;

    reader.feed("*20000\r\n");
    assert_true(reader.next(nullptr).status == Status::violated);
    assert_true(reader.violation() == Violation::too_many_elements);
}

void nesting_has_an_end(void **)
{
    std::string seven, many;
    for (int i = 0; i < 7; i++) {
        seven += "*1\r\n";
    }
    for (int i = 0; i < 10000; i++) {
        many += "*1\r\n";
    }
    assert_sv_equal(read_whole(seven + ":1\r\n"), "(((((((:1)))))))");
    assert_true(violation_of(many) != Violation::none);
    assert_true(violation_of("*1\r\n*1\r\n*1\r\n", {.depth = 2}) ==
                Violation::too_deep);
}

void a_line_has_an_end(void **)
{
    const ReplyLimits limits{.line = 100};

    assert_true(violation_of("+" + std::string(98, 'x'), limits) ==
                Violation::none);
    assert_true(violation_of("+" + std::string(120, 'x'), limits) ==
                Violation::too_long);
    assert_true(violation_of("+" + std::string(98, 'x') + "\r\n", limits) ==
                Violation::none);
}

void what_is_not_resp2_ends_the_stream(void **)
{
    for (const char *bytes :
         {"HTTP/1.1 400 Bad Request\r\n", "$-5\r\n", "$abc\r\n", "*-2\r\n",
          ":12x\r\n", ":\r\n", "%1\r\n+a\r\n+b\r\n", "~1\r\n:1\r\n", "#t\r\n",
          ",1.5\r\n", "(123\r\n", "=5\r\ntxt:a\r\n", ">1\r\n+x\r\n",
          "$3\r\nabcXX", "\r\n", "*1\r\n!\r\n"}) {
        assert_true(violation_of(bytes) == Violation::protocol);
    }
}

void a_violation_is_final(void **)
{
    CountingResource memory;
    Reader reader;

    reader.feed("?\r\n+OK\r\n");
    assert_true(reader.next(&memory).status == Status::violated);
    reader.feed("+OK\r\n");
    assert_true(reader.next(&memory).status == Status::violated);
}

void exhausted_memory_is_a_violation(void **)
{
    FailingResource memory;
    Reader reader;

    reader.feed("+OK\r\n");
    assert_true(reader.next(&memory).status == Status::violated);
    assert_true(reader.violation() == Violation::out_of_memory);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(every_type_is_read),
        cmocka_unit_test(cuts_change_nothing),
        cmocka_unit_test(
            replies_behind_each_other_are_the_same_however_they_are_cut),
        cmocka_unit_test(a_large_bulk_is_the_same_however_it_is_cut),
        cmocka_unit_test(
            a_large_bulk_behind_another_is_received_where_it_stays_too),
        cmocka_unit_test(
            the_rest_of_a_large_bulk_is_fed_with_what_is_behind_it),
        cmocka_unit_test(a_large_bulk_without_an_end_is_a_violation),
        cmocka_unit_test(a_large_bulk_over_the_limit_is_not_begun),
        cmocka_unit_test(a_large_bulk_that_nobody_waits_for_touches_nothing),
        cmocka_unit_test(no_memory_for_a_large_bulk_is_a_violation),
        cmocka_unit_test(a_reply_lies_in_the_memory_of_its_operation),
        cmocka_unit_test(nobody_waiting_is_a_dropped_reply),
        cmocka_unit_test(withdrawal_in_the_middle_touches_nothing_more),
        cmocka_unit_test(a_question_before_the_first_byte_drops_nothing),
        cmocka_unit_test(
            a_declared_length_over_the_limit_ends_the_stream_at_once),
        cmocka_unit_test(all_texts_of_a_reply_count_together),
        cmocka_unit_test(elements_are_counted_before_memory_is_spent),
        cmocka_unit_test(limits_hold_for_dropped_replies),
        cmocka_unit_test(nesting_has_an_end),
        cmocka_unit_test(a_line_has_an_end),
        cmocka_unit_test(what_is_not_resp2_ends_the_stream),
        cmocka_unit_test(a_violation_is_final),
        cmocka_unit_test(exhausted_memory_is_a_violation),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
