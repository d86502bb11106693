// Large replies are received where they stay.

#include <algorithm>

#include "redis_replies.h"

using namespace edge_test;

namespace {

constexpr ReplyLimits kSmall{.bytes = 4096};

// As a connection does it: what has room of its own is not fed.
std::string read_directly(std::string_view bytes, std::size_t step)
{
    CountingResource memory;
    Reader reader(kSmall);
    std::string all;

    while (!bytes.empty()) {
        const std::span<char> space = reader.space(&memory);
        const std::size_t size = std::min(step, bytes.size());
        const std::size_t direct = std::min(size, space.size());
        if (direct > 0) {
            std::copy_n(bytes.begin(), direct, space.begin());
            reader.received(direct);
        }
        reader.feed(bytes.substr(direct, size - direct));
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

void what_is_behind_a_bulk_may_come_with_its_last_bytes(void **)
{
    CountingResource memory;
    Reader reader(kSmall);
    const std::string most(90, 'x');
    const std::string begun = "$100\r\n" + most;
    assert_true(reader.space(&memory).empty());
    reader.feed(begun);
    assert_true(reader.next(&memory).status == Status::incomplete);
    const std::span<char> space = reader.space(&memory);
    assert_int_equal(space.size(), 10);
    std::ranges::fill(space, 'y');
    reader.received(10);
    reader.feed("\r\n:7\r\n");
    assert_sv_equal(shown(*reader.next(&memory).reply),
                    "$" + most + "yyyyyyyyyy");
    assert_true(reader.space(&memory).empty());
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

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(
            replies_behind_each_other_are_the_same_however_they_are_cut),
        cmocka_unit_test(a_large_bulk_is_the_same_however_it_is_cut),
        cmocka_unit_test(
            a_large_bulk_behind_another_is_received_where_it_stays_too),
        cmocka_unit_test(
            what_is_behind_a_bulk_may_come_with_its_last_bytes),
        cmocka_unit_test(a_large_bulk_without_an_end_is_a_violation),
        cmocka_unit_test(a_large_bulk_over_the_limit_is_not_begun),
        cmocka_unit_test(a_large_bulk_that_nobody_waits_for_touches_nothing),
        cmocka_unit_test(no_memory_for_a_large_bulk_is_a_violation),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
