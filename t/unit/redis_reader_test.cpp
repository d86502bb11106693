// Replies out of foreign bytes: what is right comes out right however it is
// cut, what is not ends the stream before memory is spent on it.

#include "redis_replies.h"

using namespace edge_test;

namespace {

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
