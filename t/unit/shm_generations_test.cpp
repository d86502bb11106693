#include "generations_joined.h"

using namespace edge_test;

namespace {

const shm::GenerationsConfig kShared{.rows = 8, .random = 5, .own_log = false};

void a_purged_tag_is_unusable_and_others_are_not(void **)
{
    Memory memory(kOwnLog);
    Generations state = memory.attach();
    const Ticket ticket = state.ticket();
    purge(state, row_of("a"));
    assert_true(state.check(ticket, selectors({"b", "a"}), kAcme) ==
                Usability::unusable);
    assert_true(state.check(ticket, selectors({"b"}), kAcme) ==
                Usability::usable);
}

void a_fill_that_started_after_the_purge_is_usable(void **)
{
    Memory memory(kOwnLog);
    Generations state = memory.attach();
    purge(state, row_of("a"));
    const Ticket ticket = state.ticket();
    purge(state, row_of("b"));
    assert_true(state.check(ticket, selectors({"a"}), kAcme) ==
                Usability::usable);
}

void a_soft_purge_leaves_it_stale_and_never_softens_a_hard_one(void **)
{
    Memory memory(kOwnLog);
    Generations state = memory.attach();
    const Ticket ticket = state.ticket();
    purge(state, row_of("a"), PurgeMode::soft);
    assert_true(state.check(ticket, selectors({"a"}), kAcme) ==
                Usability::stale_only);
    purge(state, row_of("a"));
    purge(state, row_of("a"), PurgeMode::soft);
    assert_true(state.check(ticket, selectors({"a"}), kAcme) ==
                Usability::unusable);
}

void a_tenants_purge_reaches_no_other_tenant_and_the_operators_all(void **)
{
    Memory memory(kOwnLog);
    Generations state = memory.attach();
    const Ticket ticket = state.ticket();
    purge(state, row_key(select_everything(), kAcme));
    assert_true(state.check(ticket, {}, kAcme) == Usability::unusable);
    assert_true(state.check(ticket, {}, hash_tenant("b")) == Usability::usable);
    purge(state, row_of("a", kAllTenants));
    assert_true(state.check(ticket, selectors({"a"}), hash_tenant("b")) ==
                Usability::unusable);
}

void malformed_selectors_are_unusable(void **)
{
    Memory memory(kOwnLog);
    Generations state = memory.attach();
    assert_true(state.check(state.ticket(), "1234567", kAcme) ==
                Usability::unusable);
}

void everything_that_can_make_an_entry_unusable_changes_the_count(void **)
{
    Joined joined;
    Generations &state = joined.state;
    std::uint64_t before = state.changes();
    const auto changed = [&] {
        const bool risen = state.changes() > before;
        before = state.changes();
        return risen;
    };
    assert_true(before > 0);
    assert_true(joined.purge(6, "a") && changed());
    purge_locally(state, row_of("a"));
    assert_true(changed());
    state.apply(epoch_record(place(kNew, 2, 1), place(kOld, 1, 6)), at(0));
    assert_true(changed());
    state.doubt(state.applied());
    assert_true(changed());
    state.restart(place(kNew, 2, 1), at(0));
    assert_true(changed());
    state.recover();
    assert_true(changed());
    state.ticket();
    assert_false(changed());
}

// Protocol rule 1.
void a_row_that_is_dropped_raises_the_floor(void **)
{
    Joined joined(2);
    const Ticket old = joined.state.ticket();
    assert_true(joined.purge(6, "a"));
    const Ticket between = joined.state.ticket();
    assert_true(joined.purge(7, "b", PurgeMode::soft));
    assert_true(joined.check(old, "x") == Usability::usable);
    assert_true(joined.purge(8, "c"));
    assert_int_equal(joined.state.rows_dropped(), 1);
    assert_true(joined.state.floor() == Generation::of(1, 6));
    assert_true(joined.check(old, "a") == Usability::unusable);
    assert_true(joined.check(old, "x") == Usability::unusable);
    assert_true(joined.check(between, "a") == Usability::usable);
}

void purging_one_name_again_and_again_drops_no_row(void **)
{
    Joined joined(2);
    assert_true(joined.purge(6, "a"));
    for (std::uint64_t sequence = 7; sequence < 100; sequence++) {
        assert_true(joined.purge(sequence, "b"));
    }
    assert_int_equal(joined.state.rows_dropped(), 0);
    assert_int_equal(joined.state.rows_used(), 2);
}

// Protocol rule 13: a foreign ticket, even a newer one, says nothing about a
// purge that is in no log.
void a_local_purge_counts_for_entries_of_other_instances(void **)
{
    Joined joined;
    const Ticket before = joined.state.ticket();
    purge_locally(joined.state, row_of("a"));
    const Ticket after = joined.state.ticket();
    Ticket foreign = joined.state.ticket();
    foreign.generation = Generation::of(1, 99);
    foreign.local = 0;
    assert_true(joined.check(before, "a") == Usability::unusable);
    assert_true(joined.check(foreign, "a") == Usability::unusable);
    assert_true(joined.check(foreign, "b") == Usability::usable);
    assert_true(joined.check(after, "a") == Usability::usable);
    purge_locally(joined.state, row_of("a"), PurgeMode::soft);
    assert_true(joined.check(after, "a") == Usability::stale_only);
}

// Protocol rule 14.
void a_local_purge_goes_only_when_its_record_was_applied(void **)
{
    Joined joined;
    const Ticket before = joined.state.ticket();
    purge_locally(joined.state, row_of("a"));
    purge_locally(joined.state, row_of("b"));
    assert_false(joined.state.settle(1, place(kOld, 1, 6)));
    assert_int_equal(joined.state.local_purges().size(), 2);
    assert_true(joined.purge(6, "a"));
    assert_false(joined.state.settle(1, place(kNew, 1, 6)));
    assert_true(joined.state.settle(1, place(kOld, 1, 6)));
    assert_int_equal(joined.state.local_purges().size(), 1);
    assert_true(joined.check(before, "a") == Usability::unusable);
    assert_true(joined.check(before, "b") == Usability::unusable);
    assert_true(joined.check(before, "c") == Usability::usable);
}

void too_many_local_purges_become_one_of_everything(void **)
{
    Joined joined;
    const Ticket before = joined.state.ticket();
    for (std::size_t i = 0; i < Generations::kLocalPurges; i++) {
        purge_locally(joined.state, row_of("a"), PurgeMode::soft);
    }
    assert_true(joined.check(before, "b") == Usability::usable);
    purge_locally(joined.state, row_of("c"), PurgeMode::soft);
    assert_int_equal(joined.state.local_purges().size(), 1);
    assert_true(joined.check(before, "b") == Usability::unusable);
    assert_true(joined.check(joined.state.ticket(), "b") == Usability::usable);
}

void only_what_was_formatted_is_attached_to(void **)
{
    std::vector<std::uint64_t> words(Generations::bytes_for(8) / 8 + 1);
    const auto bytes = std::as_writable_bytes(std::span(words));
    assert_none(Generations::attach(bytes));
    assert_none(Generations::format(bytes.first(bytes.size() - 16), kOwnLog));
    assert_none(Generations::format(bytes.subspan(4), kOwnLog));
    assert_none(Generations::format(bytes, {.rows = 1, .random = 1}));
    assert_none(Generations::format(bytes, {.rows = 8, .random = 0}));
    assert_some(Generations::format(bytes, kShared));
    assert_some(Generations::attach(bytes));
    assert_none(Generations::attach(bytes.first(bytes.size() - 16)));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_purged_tag_is_unusable_and_others_are_not),
        cmocka_unit_test(a_fill_that_started_after_the_purge_is_usable),
        cmocka_unit_test(
            a_soft_purge_leaves_it_stale_and_never_softens_a_hard_one),
        cmocka_unit_test(
            a_tenants_purge_reaches_no_other_tenant_and_the_operators_all),
        cmocka_unit_test(malformed_selectors_are_unusable),
        cmocka_unit_test(
            everything_that_can_make_an_entry_unusable_changes_the_count),
        cmocka_unit_test(a_row_that_is_dropped_raises_the_floor),
        cmocka_unit_test(purging_one_name_again_and_again_drops_no_row),
        cmocka_unit_test(a_local_purge_counts_for_entries_of_other_instances),
        cmocka_unit_test(a_local_purge_goes_only_when_its_record_was_applied),
        cmocka_unit_test(too_many_local_purges_become_one_of_everything),
        cmocka_unit_test(only_what_was_formatted_is_attached_to),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
