// Which of all that is known is against an entry.
#include <algorithm>

#include "generations_memory.h"

using namespace edge_test;

namespace {

using shm::Objection;
using Cause = shm::Objection::Cause;

constexpr Nonce kNonce = 11;
const shm::Use kUse{.now = at(1000)};

// A shared log that has been read up to (kNonce, 1-5).
class Joined
{
public:
    explicit Joined(std::uint32_t rows = 8)
        : memory_({.rows = rows, .random = 5, .own_log = false}),
          state(memory_.attach())
    {
        assert_true(state.restart(place(kNonce, 1, 5), at(0)));
        assert_true(state.caught_up(state.applied(), at(0), Millis(0)));
    }

private:
    Memory memory_;

public:
    Generations state;

    void purge(std::uint64_t sequence, std::string_view tag,
               PurgeMode mode = PurgeMode::hard)
    {
        assert_true(state.apply(
            purge_record(place(kNonce, 1, sequence), row_of(tag), mode),
            at(0)));
    }
    // What is said, which is the same as check() says.
    Objection to(const Ticket &ticket,
                 std::initializer_list<std::string_view> tags,
                 const shm::Use &use = kUse)
    {
        const std::string all = selectors(tags);
        const Objection said = state.objection(ticket, all, kAcme, use);
        assert_true(said.effect == state.check(ticket, all, kAcme, use));
        return said;
    }
};

void nothing_is_against_what_was_not_purged(void **)
{
    Joined joined;
    const Ticket ticket = joined.state.ticket();
    joined.purge(6, "a");
    assert_true(joined.to(ticket, {"b"}).cause == Cause::none);
}

void a_purge_is_named_with_its_generation(void **)
{
    Joined joined;
    const Ticket ticket = joined.state.ticket();
    joined.purge(6, "a");
    joined.purge(7, "b");
    const Objection said = joined.to(ticket, {"a", "c"});
    assert_true(said.cause == Cause::purge);
    assert_true(said.row == row_of("a"));
    assert_true(said.generation == Generation::of(1, 6));
}

void of_several_the_hardest_and_then_the_last_counts(void **)
{
    Joined joined;
    const Ticket ticket = joined.state.ticket();
    joined.purge(6, "a");
    joined.purge(7, "b");
    joined.purge(8, "c", PurgeMode::soft);
    Objection said = joined.to(ticket, {"a", "b", "c"});
    assert_true(said.row == row_of("b"));
    assert_true(said.generation == Generation::of(1, 7));
    said = joined.to(ticket, {"c"});
    assert_true(said.effect == Usability::stale_only);
    assert_true(said.generation == Generation::of(1, 8));
}

void a_purge_without_redis_has_no_generation(void **)
{
    Joined joined;
    const Ticket ticket = joined.state.ticket();
    const RowKey row = row_of("a");
    joined.state.purge_locally({.mode = PurgeMode::soft, .rows = {row}},
                               at(0));
    const Objection said = joined.to(ticket, {"a"});
    assert_true(said.cause == Cause::local_purge);
    assert_true(said.effect == Usability::stale_only);
    assert_true(said.row == row);
    assert_true(said.generation == Generation());
}

void a_purge_of_several_tags_together_names_the_first(void **)
{
    Joined joined;
    const Ticket ticket = joined.state.ticket();
    std::vector<RowKey> rows{row_of("a"), row_of("b")};
    std::ranges::sort(rows);
    assert_true(joined.state.apply(
        {place(kNonce, 1, 6), invalidate::Purge{.rows = rows, .together = 2}},
        at(0)));
    assert_true(joined.to(ticket, {"a"}).cause == Cause::none);
    const Objection said = joined.to(ticket, {"b", "a", "c"});
    assert_true(said.cause == Cause::purge);
    assert_true(said.row == rows[0]);
    assert_true(said.generation == Generation::of(1, 6));
}

void so_does_one_without_redis(void **)
{
    Joined joined;
    const Ticket ticket = joined.state.ticket();
    const std::vector<RowKey> rows{row_of("a"), row_of("b")};
    joined.state.purge_locally({.rows = rows, .together = 2}, at(0));
    assert_true(joined.to(ticket, {"b"}).cause == Cause::none);
    const Objection said = joined.to(ticket, {"a", "b"});
    assert_true(said.cause == Cause::local_purge);
    assert_true(said.row == rows[0]);
}

void a_write_is_told_from_a_purge(void **)
{
    Joined joined;
    const Ticket ticket = joined.state.ticket();
    const RowKey row = row_of("a");
    joined.state.invalidate({&row, 1}, Millis(5), at(900));
    const Objection said = joined.to(ticket, {"a"});
    assert_true(said.cause == Cause::write);
    assert_true(said.row == row);
}

void what_was_forgotten_is_a_floor(void **)
{
    Joined joined(2);
    const Ticket ticket = joined.state.ticket();
    joined.purge(6, "a");
    joined.purge(7, "b");
    joined.purge(8, "c");
    const Objection said = joined.to(ticket, {"x"});
    assert_true(said.cause == Cause::floor);
    assert_true(said.generation == Generation::of(1, 6));
}

// Only what has not been in memory all the time may have missed them.
void writes_that_were_forgotten_are_a_floor_of_their_own(void **)
{
    Joined joined;
    const Ticket ticket = joined.state.ticket();
    for (std::size_t i = 0; i <= joined.state.exact_rows(); i++) {
        const RowKey row = row_of(std::to_string(i));
        joined.state.invalidate({&row, 1}, Millis(5), at(0));
    }
    assert_true(joined.to(ticket, {"x"}).cause == Cause::write_floor);
    const shm::Use in_memory{.now = at(1000), .in_memory = true};
    assert_true(joined.to(ticket, {"x"}, in_memory).cause == Cause::none);
}

void a_log_that_is_not_known_is_no_purge(void **)
{
    Joined joined;
    Ticket ticket = joined.state.ticket();
    ticket.nonce = 99;
    assert_true(joined.to(ticket, {"a"}).cause == Cause::epoch);
    joined.state.doubt(joined.state.applied());
    assert_true(joined.to(ticket, {"a"}).cause == Cause::behind);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_against_what_was_not_purged),
        cmocka_unit_test(a_purge_is_named_with_its_generation),
        cmocka_unit_test(of_several_the_hardest_and_then_the_last_counts),
        cmocka_unit_test(a_purge_without_redis_has_no_generation),
        cmocka_unit_test(a_purge_of_several_tags_together_names_the_first),
        cmocka_unit_test(so_does_one_without_redis),
        cmocka_unit_test(a_write_is_told_from_a_purge),
        cmocka_unit_test(what_was_forgotten_is_a_floor),
        cmocka_unit_test(
            writes_that_were_forgotten_are_a_floor_of_their_own),
        cmocka_unit_test(a_log_that_is_not_known_is_no_purge),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
