// After a purge the origin may still say what was before: for how long what it
// says then is kept.

#include <optional>

#include "generations_memory.h"

using namespace edge_test;

namespace {

using Time = std::optional<Millis>;

constexpr Nonce kFirst = 11;

Purge settling(std::initializer_list<std::string_view> tags, Millis settle,
               PurgeMode mode = PurgeMode::hard)
{
    Purge purge{"r", mode, {}};
    for (const std::string_view tag : tags) {
        purge.rows.push_back(row_of(tag));
    }
    purge.settle = settle;
    return purge;
}

class OwnLog
{
public:
    explicit OwnLog(std::uint32_t rows = 64)
        : memory_({.rows = rows, .random = 5}), state(memory_.attach())
    {
    }

private:
    Memory memory_;

public:
    Generations state;

    // Of a fill that begins now.
    Time keep(std::string_view tag, std::int64_t now, Millis least = Millis(0))
    {
        Ticket ticket = state.ticket();
        ticket.taken = at(now);
        return state.keep_time(ticket, selectors({tag, "x"}), kAcme, least);
    }
};

const Time kFree;
const Time kTwo = Millis(2000);

void a_fill_within_the_time_is_kept_for_it(void **)
{
    OwnLog own;
    assert_true(own.keep("a", 1000) == kFree);
    own.state.purge(settling({"a"}, Millis(2000)), at(10'000));
    assert_true(own.keep("a", 10'000) == kTwo);
    assert_true(own.keep("a", 11'999) == kTwo);
    assert_true(own.keep("a", 12'000) == kFree);
    assert_true(own.keep("b", 10'000) == kFree);
}

void a_soft_purge_settles_too_and_so_does_everything(void **)
{
    OwnLog own;
    own.state.purge(settling({"a"}, Millis(2000), PurgeMode::soft), at(0));
    assert_true(own.keep("a", 1) == kTwo);
    Purge all{"r", PurgeMode::hard, {row_key(select_everything(), kAcme)}};
    all.settle = Millis(500);
    own.state.purge(all, at(0));
    assert_true(own.keep("b", 1) == Time(Millis(500)));
    // Each of them has to hold.
    assert_true(own.keep("a", 1) == Time(Millis(500)));
    assert_true(own.keep("a", 501) == kTwo);
}

void a_purge_without_a_time_settles_as_the_location_says(void **)
{
    OwnLog own;
    own.state.purge(settling({"a"}, Millis(0)), at(10'000));
    assert_true(own.keep("a", 10'000) == kFree);
    assert_true(own.keep("a", 11'999, Millis(2000)) == kTwo);
    assert_true(own.keep("a", 12'000, Millis(2000)) == kFree);
    assert_true(own.keep("b", 10'000, Millis(2000)) == kFree);
}

void a_later_purge_does_not_end_the_time_of_an_earlier_one(void **)
{
    OwnLog own;
    own.state.purge(settling({"a"}, Millis(5000)), at(0));
    own.state.purge(settling({"a"}, Millis(0)), at(1000));
    assert_true(own.keep("a", 4999).has_value());
    assert_true(own.keep("a", 5000) == kFree);
}

void a_set_of_tags_settles_what_has_all(void **)
{
    OwnLog own;
    Purge purge = settling({"a", "x"}, Millis(2000));
    purge.together = 2;
    own.state.purge(purge, at(0));
    assert_true(own.keep("a", 1) == kTwo);
    assert_true(own.keep("b", 1) == kFree);
}

void a_row_that_had_to_go_settles_everything(void **)
{
    OwnLog own(2);
    own.state.purge(settling({"a"}, Millis(2000)), at(0));
    own.state.purge(settling({"b"}, Millis(0)), at(0));
    assert_true(own.keep("c", 1) == kFree);
    own.state.purge(settling({"c"}, Millis(0)), at(0));
    assert_true(own.keep("d", 1) == kTwo);
    assert_true(own.keep("d", 2000) == kFree);
}

void nothing_is_trusted_early_after_a_crash(void **)
{
    OwnLog own;
    own.state.purge(settling({"a"}, Millis(2000)), at(0));
    own.state.recover();
    assert_true(own.keep("a", 1) == kTwo);
    assert_true(own.keep("a", 2000) == kFree);
}

void a_local_purge_settles_until_it_is_in_the_log(void **)
{
    OwnLog own;
    own.state.purge_locally(settling({"a"}, Millis(2000)), at(0));
    assert_true(own.keep("a", 1) == kTwo);
    assert_true(own.keep("b", 1) == kFree);
    own.state.purge_locally(settling({"a"}, Millis(0)), at(3000));
    assert_true(own.keep("a", 3001) == kFree);
    assert_true(own.keep("a", 3001, Millis(500)) == Time(Millis(500)));
}

void a_write_settles_as_the_location_says_once_its_hold_is_over(void **)
{
    OwnLog own;
    const RowKey row = row_of("a");
    own.state.invalidate({&row, 1}, Millis(1150), at(0));
    assert_true(own.keep("a", 1150) == kFree);
    assert_true(own.keep("a", 3149, Millis(2000)) == kTwo);
    assert_true(own.keep("a", 3150, Millis(2000)) == kFree);
    assert_true(own.keep("b", 1150, Millis(2000)) == kFree);
}

// It may have missed any purge.
void an_instance_that_has_just_joined_settles_as_the_location_says(void **)
{
    Memory memory({.rows = 64, .random = 5, .own_log = false});
    Generations state = memory.attach();
    state.restart(place(kFirst, 1, 0), at(1000));
    Ticket ticket = state.ticket();
    const auto keep = [&](std::int64_t now, Millis least) {
        ticket.taken = at(now);
        return state.keep_time(ticket, selectors({"a"}), kAcme, least);
    };
    assert_true(keep(2999, Millis(2000)) == kTwo);
    assert_true(keep(3000, Millis(2000)) == kFree);
    assert_true(keep(1000, Millis(0)) == kFree);
}

void a_record_settles_from_when_it_is_applied(void **)
{
    Memory memory({.rows = 64, .random = 5, .own_log = false});
    Generations state = memory.attach();
    state.restart(place(kFirst, 1, 1), at(0));
    assert_true(state.caught_up(state.applied(), at(0), Millis(0)));
    assert_true(state.apply(
        {place(kFirst, 1, 2), settling({"a"}, Millis(2000))}, at(7000)));
    Ticket ticket = state.ticket();
    ticket.taken = at(8999);
    assert_true(state.keep_time(ticket, selectors({"a"}), kAcme, Millis(0)) ==
                kTwo);

    assert_true(state.apply(epoch_record(place(12, 2, 1), {}), at(7000)));
    assert_true(state.lost_purges().settle == Millis(2000));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_fill_within_the_time_is_kept_for_it),
        cmocka_unit_test(a_soft_purge_settles_too_and_so_does_everything),
        cmocka_unit_test(a_purge_without_a_time_settles_as_the_location_says),
        cmocka_unit_test(
            a_later_purge_does_not_end_the_time_of_an_earlier_one),
        cmocka_unit_test(a_set_of_tags_settles_what_has_all),
        cmocka_unit_test(a_row_that_had_to_go_settles_everything),
        cmocka_unit_test(nothing_is_trusted_early_after_a_crash),
        cmocka_unit_test(a_local_purge_settles_until_it_is_in_the_log),
        cmocka_unit_test(
            a_write_settles_as_the_location_says_once_its_hold_is_over),
        cmocka_unit_test(
            an_instance_that_has_just_joined_settles_as_the_location_says),
        cmocka_unit_test(a_record_settles_from_when_it_is_applied),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
