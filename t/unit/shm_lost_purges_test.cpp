// What a log has lost is put into the next one again: which rows that are.

#include "generations_memory.h"

using namespace edge_test;

namespace {

constexpr Nonce kFirst = 11;
constexpr Nonce kSecond = 12;
constexpr Nonce kThird = 13;

// Has applied 1-1 to 1-3: the hard purge of a, the soft one of b.
class Instance
{
public:
    Instance()
        : memory_({.rows = 64, .random = 5, .own_log = false}),
          state(memory_.attach())
    {
        state.restart(place(kFirst, 1, 0), at(0));
        apply(epoch_record(place(kFirst, 1, 1), {}));
        apply(purge_record(place(kFirst, 1, 2), row_of("a")));
        apply(purge_record(place(kFirst, 1, 3), row_of("b"), PurgeMode::soft));
    }

private:
    Memory memory_;

public:
    Generations state;

    void apply(const Record &record)
    {
        assert_true(state.apply(record, at(0)));
        assert_true(state.caught_up(state.applied(), at(0), Millis(0)));
    }
    std::vector<RowKey> hard() { return state.lost_purges().hard; }
    std::vector<RowKey> soft() { return state.lost_purges().soft; }
};

const std::vector<RowKey> kNone;
const std::vector<RowKey> kA = {row_of("a")};
const std::vector<RowKey> kB = {row_of("b")};

void nothing_is_lost_in_an_epoch_put_right_behind(void **)
{
    Instance instance;
    assert_true(instance.state.lost_purges().empty());
    instance.apply(epoch_record(place(kSecond, 2, 1), place(kFirst, 1, 3)));
    assert_true(instance.state.lost_purges().empty());
}

void what_is_behind_the_new_epochs_place_is_lost(void **)
{
    Instance instance;
    instance.apply(epoch_record(place(kSecond, 2, 1), place(kFirst, 1, 2)));
    assert_true(instance.hard() == kNone);
    assert_true(instance.soft() == kB);
}

void without_a_log_everything_is_lost_in_its_own_mode(void **)
{
    Instance instance;
    instance.apply(epoch_record(place(kSecond, 2, 1), {}));
    assert_true(instance.hard() == kA);
    assert_true(instance.soft() == kB);
}

void a_row_that_the_new_epoch_has_again_is_not_lost(void **)
{
    Instance instance;
    instance.apply(epoch_record(place(kSecond, 2, 1), {}));
    instance.apply(purge_record(place(kSecond, 2, 2), row_of("a")));
    assert_true(instance.hard() == kNone);
    assert_true(instance.soft() == kB);
    instance.apply(
        purge_record(place(kSecond, 2, 3), row_of("b"), PurgeMode::soft));
    assert_true(instance.state.lost_purges().empty());
}

void a_soft_purge_does_not_stand_for_a_lost_hard_one(void **)
{
    Instance instance;
    instance.apply(epoch_record(place(kSecond, 2, 1), {}));
    instance.apply(
        purge_record(place(kSecond, 2, 2), row_of("a"), PurgeMode::soft));
    assert_true(instance.hard() == kA);
}

void a_purge_of_everything_stands_for_all_that_was_lost(void **)
{
    const RowKey everything = row_key(select_everything(), kAllTenants);
    Instance instance;
    instance.apply(epoch_record(place(kSecond, 2, 1), {}));
    instance.apply(
        purge_record(place(kSecond, 2, 2), everything, PurgeMode::soft));
    assert_true(instance.hard() == kA);
    instance.apply(purge_record(place(kSecond, 2, 3), everything));
    assert_true(instance.state.lost_purges().empty());
}

void what_two_losses_took_is_lost(void **)
{
    Instance instance;
    instance.apply(epoch_record(place(kSecond, 2, 1), place(kFirst, 1, 2)));
    instance.apply(purge_record(place(kSecond, 2, 2), row_of("c")));
    instance.apply(epoch_record(place(kThird, 3, 1), place(kSecond, 2, 1)));
    assert_true(instance.hard() == std::vector<RowKey>{row_of("c")});
    assert_true(instance.soft() == kB);
}

void a_doubt_forgets_no_row_that_others_may_need(void **)
{
    Instance instance;
    instance.state.doubt(instance.state.applied());
    instance.state.restart(place(kThird, 3, 0), at(1));
    assert_true(instance.state.apply(
        epoch_record(place(kThird, 3, 1), place(kSecond, 2, 9)), at(1)));
    assert_true(instance.hard() == kA);
    assert_true(instance.soft() == kB);
}

void a_doubt_within_the_epoch_has_lost_nothing(void **)
{
    Instance instance;
    instance.state.doubt(instance.state.applied());
    instance.state.restart(place(kFirst, 1, 0), at(1));
    assert_true(
        instance.state.apply(epoch_record(place(kFirst, 1, 1), {}), at(1)));
    assert_true(instance.state.lost_purges().empty());
}

void an_epoch_whose_beginning_was_trimmed_may_have_lost_everything(void **)
{
    Instance instance;
    instance.state.doubt(instance.state.applied());
    instance.state.restart(place(kThird, 3, 7), at(1));
    assert_true(instance.hard() == kA);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_lost_in_an_epoch_put_right_behind),
        cmocka_unit_test(what_is_behind_the_new_epochs_place_is_lost),
        cmocka_unit_test(without_a_log_everything_is_lost_in_its_own_mode),
        cmocka_unit_test(a_row_that_the_new_epoch_has_again_is_not_lost),
        cmocka_unit_test(a_soft_purge_does_not_stand_for_a_lost_hard_one),
        cmocka_unit_test(a_purge_of_everything_stands_for_all_that_was_lost),
        cmocka_unit_test(what_two_losses_took_is_lost),
        cmocka_unit_test(a_doubt_forgets_no_row_that_others_may_need),
        cmocka_unit_test(a_doubt_within_the_epoch_has_lost_nothing),
        cmocka_unit_test(
            an_epoch_whose_beginning_was_trimmed_may_have_lost_everything),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
