// Which records of a log are applied, and what a doubt about it, a new epoch
// or a worker that died inside does to entries.

#include "generations_joined.h"

using namespace edge_test;

namespace {

void only_the_successor_is_applied(void **)
{
    Joined joined;
    assert_false(joined.purge(7, "a"));
    assert_true(joined.purge(6, "a"));
    assert_false(joined.purge(6, "a"));
    assert_false(joined.state.apply(
        purge_record(place(kNew, 1, 7), row_of("a")), at(0)));
    assert_true(joined.state.applied() == place(kOld, 1, 6));
}

void an_epoch_that_was_lived_through_keeps_its_entries(void **)
{
    Joined joined;
    const Ticket ticket = joined.state.ticket();
    assert_true(joined.state.apply(
        epoch_record(place(kNew, 2, 1), place(kOld, 1, 5)), at(7)));
    assert_true(joined.check(ticket, "a") == Usability::usable);
    assert_true(joined.state.standing().joined_at == at(7));
    assert_true(joined.state.apply(purge_record(place(kNew, 2, 2), row_of("a")),
                                   at(8)));
    assert_true(joined.check(ticket, "a") == Usability::unusable);
}

void the_ninth_epoch_pushes_out_the_first(void **)
{
    Joined joined;
    const Ticket first = joined.state.ticket();
    for (std::uint64_t epoch = 2; epoch <= 9; epoch++) {
        assert_true(joined.check(first, "a") == Usability::usable);
        assert_true(joined.state.apply(
            epoch_record(place(100 + epoch, epoch, 1), joined.state.applied()),
            at(0)));
    }
    assert_true(joined.check(first, "a") == Usability::unusable);
}

// Protocol rule 9: epoch numbers are used again, nonces are not.
void a_ticket_of_an_unknown_nonce_is_unusable_whatever_its_number(void **)
{
    Joined joined;
    Ticket ticket = joined.state.ticket();
    ticket.nonce = kNew;
    assert_true(joined.check(ticket, "a") == Usability::unusable);
    ticket = joined.state.ticket();
    ticket.generation = Generation::of(9, 1);
    assert_true(joined.check(ticket, "a") == Usability::unusable);
    assert_true(joined.check({}, "a") == Usability::unusable);
}

void in_doubt_nothing_is_usable_until_it_starts_again(void **)
{
    Joined joined;
    const Ticket ticket = joined.state.ticket();
    joined.state.doubt(place(kOld, 1, 4));
    assert_true(joined.check(ticket, "a") == Usability::usable);
    joined.state.doubt(place(kOld, 1, 5));
    assert_true(joined.check(ticket, "a") == Usability::unusable);
    assert_true(joined.state.ticket().nonce == 0);

    assert_true(joined.state.restart(place(kOld, 1, 5), at(0)));
    joined.catch_up();
    assert_true(joined.check(ticket, "a") == Usability::usable);
    assert_false(joined.state.restart(place(kOld, 1, 4), at(0)));
}

void after_a_doubt_what_is_older_than_the_log_is_unusable(void **)
{
    Joined joined;
    const Ticket ticket = joined.state.ticket();
    joined.state.doubt(joined.state.applied());
    assert_true(joined.state.restart(place(kOld, 1, 6), at(0)));
    joined.catch_up();
    assert_true(joined.check(ticket, "a") == Usability::unusable);
    Ticket newer = ticket;
    newer.generation = Generation::of(1, 6);
    assert_true(joined.check(newer, "a") == Usability::usable);
}

// What was purged before a doubt, or before a cold start, is known again only
// when the log has been read to its end.
void nothing_is_usable_before_it_has_caught_up(void **)
{
    Joined joined;
    assert_true(joined.purge(6, "a"));
    const Ticket ticket = joined.state.ticket();
    assert_true(joined.purge(7, "a"));
    joined.state.recover();
    assert_true(joined.state.restart(place(kOld, 1, 0), at(100)));
    assert_true(joined.check(ticket, "a") == Usability::unusable);
    const Position answer_from_before = place(kOld, 1, 0);
    assert_false(joined.state.caught_up(answer_from_before, at(99), Millis(9)));
    assert_true(joined.check(ticket, "a") == Usability::unusable);
    assert_true(joined.state.caught_up(place(kOld, 1, 0), at(100), Millis(9)));
}

void records_that_are_applied_again_take_nothing_back(void **)
{
    Joined joined;
    assert_true(joined.purge(6, "a") && joined.purge(7, "a"));
    joined.state.doubt(joined.state.applied());
    assert_true(joined.state.restart(place(kOld, 1, 5), at(0)));
    assert_true(joined.purge(6, "a"));
    joined.catch_up();
    Ticket between = joined.state.ticket();
    assert_true(joined.check(between, "a") == Usability::unusable);
    assert_true(joined.check(between, "b") == Usability::usable);
}

void the_lease_begins_with_the_question_and_only_when_all_is_applied(void **)
{
    Joined joined;
    Generations &state = joined.state;
    const Millis lease(2000);
    assert_false(state.caught_up(place(kOld, 1, 6), at(100), lease));
    assert_false(state.caught_up(place(kNew, 1, 5), at(100), lease));
    assert_true(state.caught_up(place(kOld, 1, 5), at(100), lease));
    assert_true(state.standing().lease_until == at(2100));
    assert_true(state.caught_up(place(kOld, 1, 5), at(50), lease));
    assert_true(state.standing().lease_until == at(2100));
    state.doubt(state.applied());
    assert_true(state.standing().lease_until == BootTime::min());
    assert_false(state.caught_up({}, at(100), lease));
}

void what_died_inside_comes_back_with_nothing_that_is_older(void **)
{
    Memory memory(kOwnLog);
    Generations state = memory.attach();
    purge(state, row_of("a"));
    const Ticket before = state.ticket();
    state.recover();
    assert_true(state.check(before, selectors({"b"}), kAcme) ==
                Usability::unusable);
    const Ticket after = state.ticket();
    assert_true(state.check(after, selectors({"b"}), kAcme) ==
                Usability::usable);
    purge(state, row_of("b"));
    assert_true(state.check(after, selectors({"b"}), kAcme) ==
                Usability::unusable);
}

void what_died_inside_a_shared_log_has_to_join_again(void **)
{
    Joined joined;
    const Ticket before = joined.state.ticket();
    purge_locally(joined.state, row_of("a"));
    joined.state.recover();
    assert_true(joined.state.applied() == Position{});
    assert_true(joined.check(before, "b") == Usability::unusable);

    assert_true(joined.state.restart(place(kOld, 1, 0), at(0)));
    joined.catch_up();
    assert_true(joined.check(before, "a") == Usability::unusable);
    assert_true(joined.check(joined.state.ticket(), "a") == Usability::usable);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(only_the_successor_is_applied),
        cmocka_unit_test(an_epoch_that_was_lived_through_keeps_its_entries),
        cmocka_unit_test(the_ninth_epoch_pushes_out_the_first),
        cmocka_unit_test(
            a_ticket_of_an_unknown_nonce_is_unusable_whatever_its_number),
        cmocka_unit_test(in_doubt_nothing_is_usable_until_it_starts_again),
        cmocka_unit_test(after_a_doubt_what_is_older_than_the_log_is_unusable),
        cmocka_unit_test(nothing_is_usable_before_it_has_caught_up),
        cmocka_unit_test(records_that_are_applied_again_take_nothing_back),
        cmocka_unit_test(
            the_lease_begins_with_the_question_and_only_when_all_is_applied),
        cmocka_unit_test(
            what_died_inside_comes_back_with_nothing_that_is_older),
        cmocka_unit_test(what_died_inside_a_shared_log_has_to_join_again),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
