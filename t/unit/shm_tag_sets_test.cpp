// Purges of what has all of several tags (match=all).

#include "generations_memory.h"

#include "shm/tag_sets.h"

using namespace edge_test;

namespace {

Purge set_purge(std::initializer_list<std::string_view> tags,
                PurgeMode mode = PurgeMode::hard, TenantHash tenant = kAcme)
{
    Purge purge{"r", mode, {}};
    for (const std::string_view tag : tags) {
        purge.rows.push_back(row_of(tag, tenant));
    }
    purge.together = purge.rows.size();
    return purge;
}

class OwnLog
{
public:
    explicit OwnLog(std::uint32_t rows = 64)
        : memory_({.rows = rows, .random = 5}), state(memory_.attach()),
          ticket(state.ticket())
    {
    }

private:
    Memory memory_;

public:
    Generations state;
    Ticket ticket; // of before everything

    void purge(const Purge &purge) { state.purge(purge, at(0)); }
    Usability check(std::initializer_list<std::string_view> tags,
                    TenantHash tenant = kAcme)
    {
        return state.check(ticket, selectors(tags), tenant);
    }
};

void what_has_all_of_the_tags_is_purged_and_nothing_else(void **)
{
    OwnLog own;
    own.purge(set_purge({"news", "paris"}));
    assert_true(own.check({"paris", "x", "news"}) == Usability::unusable);
    assert_true(own.check({"news", "paris"}) == Usability::unusable);
    assert_true(own.check({"news"}) == Usability::usable);
    assert_true(own.check({"paris"}) == Usability::usable);
    assert_true(own.check({"news", "london"}) == Usability::usable);
    assert_true(own.check({}) == Usability::usable);
    assert_int_equal(own.state.sets_used(), 1);
    assert_int_equal(own.state.rows_used(), 0);
}

void a_set_is_of_one_tenant_or_of_all(void **)
{
    const TenantHash other = hash_tenant("other");
    OwnLog own;
    own.purge(set_purge({"a", "b"}, PurgeMode::hard, other));
    assert_true(own.check({"a", "b"}) == Usability::usable);
    assert_true(own.check({"a", "b"}, other) == Usability::unusable);
    own.purge(set_purge({"a", "b"}, PurgeMode::hard, kAllTenants));
    assert_true(own.check({"a", "b"}) == Usability::unusable);
}

void a_fill_after_the_purge_of_a_set_is_usable(void **)
{
    OwnLog own;
    own.purge(set_purge({"a", "b"}));
    own.ticket = own.state.ticket();
    assert_true(own.check({"a", "b"}) == Usability::usable);
    own.purge(set_purge({"b", "a"}));
    assert_true(own.check({"a", "b"}) == Usability::unusable);
    // Named in another order it is the same set.
    assert_int_equal(own.state.sets_used(), 1);
}

void a_set_purged_softly_is_stale_and_hard_wins(void **)
{
    OwnLog own;
    own.purge(set_purge({"a", "b"}, PurgeMode::soft));
    assert_true(own.check({"a", "b"}) == Usability::stale_only);
    own.purge(set_purge({"a", "c"}));
    assert_true(own.check({"a", "b", "c"}) == Usability::unusable);
    assert_true(own.check({"a", "b"}) == Usability::stale_only);
}

void as_many_tags_as_a_set_may_have_are_all_compared(void **)
{
    OwnLog own;
    own.purge(set_purge({"1", "2", "3", "4", "5", "6", "7", "8"}));
    assert_true(own.check({"8", "7", "6", "5", "4", "3", "2", "1"}) ==
                Usability::unusable);
    assert_true(own.check({"8", "7", "6", "5", "4", "3", "2"}) ==
                Usability::usable);
}

void several_sets_in_one_record_are_purged_each_for_itself(void **)
{
    OwnLog own;
    Purge purge = set_purge({"a", "b", "c", "d"});
    purge.together = 2;
    own.purge(purge);
    assert_true(own.check({"a", "b"}) == Usability::unusable);
    assert_true(own.check({"c", "d"}) == Usability::unusable);
    assert_true(own.check({"a", "c"}) == Usability::usable);
    assert_true(own.check({"b", "c"}) == Usability::usable);
}

void the_set_that_makes_room_stands_for_one_of_its_tags(void **)
{
    OwnLog own; // room for 4 sets
    own.purge(set_purge({"a", "b"}));
    for (const std::string_view tag : {"1", "2", "3", "4"}) {
        own.purge(set_purge({tag, "z"}));
    }
    assert_int_equal(own.state.sets_used(), 4);
    assert_int_equal(own.state.sets_dropped(), 1);
    assert_int_equal(own.state.rows_used(), 1);
    assert_true(own.check({"a", "b"}) == Usability::unusable);
    // One of both, and nothing else.
    assert_true((own.check({"a"}) == Usability::unusable) !=
                (own.check({"b"}) == Usability::unusable));
    assert_true(own.check({"z"}) == Usability::usable);
    assert_true(own.check({"c"}) == Usability::usable);
}

void a_hard_and_a_soft_purge_of_a_set_both_survive_its_end(void **)
{
    OwnLog own;
    own.purge(set_purge({"a", "b"}));
    const Ticket after_hard = own.state.ticket();
    own.purge(set_purge({"a", "b"}, PurgeMode::soft));
    for (const std::string_view tag : {"1", "2", "3", "4"}) {
        own.purge(set_purge({tag, "z"}));
    }
    assert_true(own.check({"a", "b"}) == Usability::unusable);
    own.ticket = after_hard;
    assert_true(own.check({"a", "b"}) == Usability::stale_only);
}

void a_local_purge_of_a_set_is_of_what_has_all(void **)
{
    OwnLog own;
    own.state.purge_locally(set_purge({"a", "b"}), at(0));
    own.state.purge_locally(set_purge({"c"}, PurgeMode::soft), at(0));
    assert_true(own.check({"b", "a"}) == Usability::unusable);
    assert_true(own.check({"a"}) == Usability::usable);
    assert_true(own.check({"b", "c"}) == Usability::stale_only);
    assert_int_equal(own.state.local_purges().size(), 3);
    assert_int_equal(own.state.local_purges()[0].together, 2);
}

// A tag that is in all sets has few of them to look at.
void a_tag_in_all_sets_has_one_of_them_at_most(void **)
{
    std::vector<shm::TagSets::Set> slots(256);
    std::vector<std::uint32_t> buckets(256);
    shm::TagSets::State state{.seed = 3};
    shm::TagSets sets(&state, slots, buckets);
    sets.clear();
    for (std::uint64_t i = 1; i <= 256; i++) {
        const RowKey rows[] = {row_of("hot"), i};
        assert_none(sets.raise(rows, {PurgeMode::hard, {i}, at(0), Millis(0)}));
    }
    // Buckets can be shared, so that now and then it is the shorter way.
    std::size_t seen = 0;
    sets.for_each(row_of("hot"), [&seen](const auto &) { seen++; });
    assert_true(seen < 8);
    std::size_t found = 0;
    for (std::uint64_t i = 1; i <= 256; i++) {
        sets.for_each(i, [&found](const auto &) { found++; });
    }
    assert_int_equal(found + seen, 256);
}

void a_set_that_the_log_has_lost_is_put_into_it_again(void **)
{
    Memory memory({.rows = 64, .random = 5, .own_log = false});
    Generations state = memory.attach();
    const auto apply = [&state](const Record &record) {
        assert_true(state.apply(record, at(0)));
        assert_true(state.caught_up(state.applied(), at(0), Millis(0)));
    };
    state.restart(place(1, 1, 0), at(0));
    apply(epoch_record(place(1, 1, 1), {}));
    apply({place(1, 1, 2), set_purge({"a", "b"})});
    apply(epoch_record(place(2, 2, 1), {}));
    const shm::LostPurges lost = state.lost_purges();
    assert_int_equal(lost.size(), 1);
    assert_true(lost.sets.front().mode == PurgeMode::hard);
    Purge again{"r", PurgeMode::hard, lost.sets.front().rows};
    again.together = again.rows.size();
    apply({place(2, 2, 2), again});
    assert_true(state.lost_purges().empty());
}

void sets_are_forgotten_with_everything_else(void **)
{
    OwnLog own;
    own.purge(set_purge({"a", "b"}));
    own.state.recover();
    assert_int_equal(own.state.sets_used(), 0);
    assert_true(own.check({"c"}) == Usability::unusable);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(what_has_all_of_the_tags_is_purged_and_nothing_else),
        cmocka_unit_test(a_set_is_of_one_tenant_or_of_all),
        cmocka_unit_test(a_fill_after_the_purge_of_a_set_is_usable),
        cmocka_unit_test(a_set_purged_softly_is_stale_and_hard_wins),
        cmocka_unit_test(as_many_tags_as_a_set_may_have_are_all_compared),
        cmocka_unit_test(
            several_sets_in_one_record_are_purged_each_for_itself),
        cmocka_unit_test(the_set_that_makes_room_stands_for_one_of_its_tags),
        cmocka_unit_test(
            a_hard_and_a_soft_purge_of_a_set_both_survive_its_end),
        cmocka_unit_test(a_local_purge_of_a_set_is_of_what_has_all),
        cmocka_unit_test(a_tag_in_all_sets_has_one_of_them_at_most),
        cmocka_unit_test(a_set_that_the_log_has_lost_is_put_into_it_again),
        cmocka_unit_test(sets_are_forgotten_with_everything_else),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
