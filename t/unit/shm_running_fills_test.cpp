#include "shm/running_fills.h"

#include <map>
#include <random>
#include <vector>

#include "cmocka.h"

using namespace edge;
using namespace edge::shm;

namespace {

constexpr OwnerSlot kAnn{1};
constexpr OwnerSlot kBob{2};
constexpr BootTime kNow{Millis(1000)};

struct TestFills
{
    explicit TestFills(std::uint32_t rows)
        : memory(RunningFills::bytes_for(rows)),
          fills(*RunningFills::format(memory, rows))
    {
    }

    FillId begin(std::uint64_t name, OwnerSlot owner = kAnn)
    {
        const auto fill = fills.begin({name, name}, {}, owner, kNow);
        assert_some(fill);
        return *fill;
    }

    std::vector<std::byte> memory;
    RunningFills fills;
};

WorkerSet workers(std::initializer_list<std::size_t> numbers)
{
    WorkerSet set;
    for (const std::size_t number : numbers) {
        set.add(number);
    }
    return set;
}

void a_fill_is_found_until_it_ends(void **)
{
    TestFills test(4);
    assert_none(test.fills.find({1, 1}));
    const FillId fill = test.begin(1);
    assert_true(test.fills.find({1, 1})->id == fill.id);
    assert_true(test.fills.runs(fill));
    test.fills.end(fill);
    assert_none(test.fills.find({1, 1}));
    assert_false(test.fills.runs(fill));
    assert_int_equal(test.fills.used(), 0);
}

void who_waits_is_told_once(void **)
{
    TestFills test(4);
    const FillId fill = test.begin(1);
    test.fills.wait(fill, 0);
    test.fills.wait(fill, 127);
    test.fills.wait(fill, 500); // looks for itself
    assert_true(test.fills.end(fill) == workers({0, 127}));
    assert_true(test.fills.end(fill) == WorkerSet());
}

void the_next_fill_in_a_row_is_another(void **)
{
    TestFills test(1);
    const FillId first = test.begin(1);
    test.fills.end(first);
    const FillId second = test.begin(2);
    assert_int_equal(first.row, second.row);
    assert_false(test.fills.runs(first));
    test.fills.wait(first, 3);
    assert_true(test.fills.end(first) == WorkerSet());
    assert_true(test.fills.runs(second));
    assert_true(test.fills.end(second) == WorkerSet());
}

void a_full_table_refuses(void **)
{
    TestFills test(2);
    test.begin(1);
    const FillId second = test.begin(2);
    assert_none(test.fills.begin({3, 3}, {}, kAnn, kNow));
    test.fills.end(second);
    test.begin(3);
}

void names_with_the_same_bucket_are_kept_apart(void **)
{
    TestFills test(4);
    const auto a = test.fills.begin({1, 8}, {}, kAnn, kNow);
    const auto b = test.fills.begin({2, 8}, {}, kAnn, kNow);
    const auto c = test.fills.begin({3, 8}, {}, kAnn, kNow);
    test.fills.end(*b);
    assert_true(test.fills.find({1, 8})->id == a->id);
    assert_none(test.fills.find({2, 8}));
    assert_true(test.fills.find({3, 8})->id == c->id);
}

void what_the_dead_fill_ends(void **)
{
    TestFills test(4);
    const FillId ann = test.begin(1, kAnn);
    const FillId bob = test.begin(2, kBob);
    const FillId more = test.begin(3, kAnn);
    test.fills.wait(ann, 1);
    test.fills.wait(bob, 2);
    test.fills.wait(more, 3);
    assert_true(test.fills.end_all_of(kAnn) == workers({1, 3}));
    assert_false(test.fills.runs(ann));
    assert_true(test.fills.runs(bob));
    assert_int_equal(test.fills.used(), 1);
}

void the_filler_is_told_when_another_instance_is_done(void **)
{
    TestFills test(4);
    const FillId fill = test.begin(1);
    assert_false(test.fills.waits_elsewhere(fill));
    test.fills.wait_elsewhere(fill, {7, 7}, 3, kNow + Seconds(1));
    assert_true(test.fills.waits_elsewhere(fill));
    assert_int_equal(test.fills.at(fill).started, 2000);
    assert_true(test.fills.end_elsewhere({8, 8}) == WorkerSet());
    assert_true(test.fills.end_elsewhere({7, 7}) == workers({3}));
    assert_false(test.fills.waits_elsewhere(fill));
    assert_true(test.fills.runs(fill));
    assert_true(test.fills.end_elsewhere({7, 7}) == WorkerSet());
}

void after_a_recovery_old_fills_do_not_run(void **)
{
    TestFills test(2);
    const FillId before = test.begin(1);
    test.fills.recover();
    assert_false(test.fills.runs(before));
    const FillId after = test.begin(1);
    assert_true(test.fills.end(before) == WorkerSet());
    assert_true(test.fills.runs(after));
}

constexpr Arriving kArriving{{3, 7, kAnn}, {}, false};

void what_arrives_is_there_until_the_fill_ends(void **)
{
    TestFills test(4);
    const FillId fill = test.begin(1);
    assert_false(test.fills.at(fill).arrives);
    const std::uint64_t before = test.fills.changes();
    assert_true(test.fills.arrive(fill, kArriving));
    assert_true(test.fills.changes() != before);
    assert_true(test.fills.at(fill).arrives);
    assert_int_equal(test.fills.at(fill).arriving.object.node, 7);
    test.fills.end(fill);
    assert_false(test.fills.exists(fill));
    assert_false(test.fills.arrive(fill, kArriving));
    // The next one in the row begins with nothing.
    assert_false(test.fills.at(test.begin(1)).arrives);
}

void who_waits_is_told_of_every_move(void **)
{
    TestFills test(4);
    const FillId fill = test.begin(1);
    test.fills.wait(fill, 5);
    test.fills.arrive(fill, kArriving);
    for (int i = 0; i < 2; i++) {
        assert_true(test.fills.move(fill, kNow + Seconds(1)) == workers({5}));
    }
    assert_int_equal(test.fills.at(fill).moved, 2000);
    assert_int_equal(test.fills.at(fill).started, 1000);
    test.fills.end(fill);
    assert_true(test.fills.move(fill, kNow) == WorkerSet());
}

void what_is_replaced_goes_on_for_those_who_read_it(void **)
{
    TestFills test(4);
    const FillId old = test.begin(1);
    test.fills.wait(old, 5);
    test.fills.arrive(old, kArriving);
    assert_true(test.fills.replace(old) == workers({5}));
    assert_false(test.fills.runs(old));
    assert_true(test.fills.exists(old));
    assert_none(test.fills.find({1, 1}));

    const FillId next = test.begin(1);
    assert_true(test.fills.find({1, 1})->id == next.id);
    assert_true(test.fills.move(old, kNow) == workers({5}));
    assert_true(test.fills.move(next, kNow) == WorkerSet());
    assert_true(test.fills.end(old) == workers({5}));
    assert_false(test.fills.exists(old));
    assert_true(test.fills.runs(next));
    assert_int_equal(test.fills.used(), 1);
}

void what_does_not_arrive_ends_when_it_is_replaced(void **)
{
    TestFills test(4);
    const FillId old = test.begin(1);
    test.fills.wait(old, 5);
    assert_true(test.fills.replace(old) == workers({5}));
    assert_false(test.fills.exists(old));
    assert_int_equal(test.fills.used(), 0);
}

void what_the_dead_were_replaced_in_ends_too(void **)
{
    TestFills test(4);
    const FillId old = test.begin(1, kAnn);
    test.fills.wait(old, 5);
    test.fills.arrive(old, kArriving);
    test.fills.replace(old);
    const FillId next = test.begin(1, kBob);
    assert_true(test.fills.end_all_of(kAnn) == workers({5}));
    assert_false(test.fills.exists(old));
    assert_true(test.fills.runs(next));
}

void attaches_to_what_it_has_made_only(void **)
{
    TestFills test(2);
    const FillId fill = test.begin(1);
    assert_true(RunningFills::attach(test.memory)->runs(fill));
    assert_none(RunningFills::attach(
        std::span(test.memory).first(test.memory.size() - 8)));
    std::vector<std::byte> empty(1024);
    assert_none(RunningFills::attach(empty));
    assert_none(RunningFills::format(empty, 0));
}

// Against a plain map, by random steps.
void agrees_with_a_model(void **)
{
    std::mt19937 random(1);
    TestFills test(16);
    std::map<std::uint64_t, FillId> model;
    for (int step = 0; step < 20000; step++) {
        const std::uint64_t name = random() % 24;
        const auto known = model.find(name);
        const auto found = test.fills.find({name, name % 5});
        assert_int_equal(found.has_value(), known != model.end());
        if (known != model.end()) {
            assert_true(found->id == known->second.id);
            test.fills.end(known->second);
            model.erase(known);
        } else {
            const auto fill =
                test.fills.begin({name, name % 5}, {}, kAnn, kNow);
            assert_int_equal(fill.has_value(), model.size() < 16);
            if (fill) {
                model.emplace(name, *fill);
            }
        }
        assert_int_equal(test.fills.used(), model.size());
    }
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_fill_is_found_until_it_ends),
        cmocka_unit_test(who_waits_is_told_once),
        cmocka_unit_test(the_next_fill_in_a_row_is_another),
        cmocka_unit_test(a_full_table_refuses),
        cmocka_unit_test(names_with_the_same_bucket_are_kept_apart),
        cmocka_unit_test(what_the_dead_fill_ends),
        cmocka_unit_test(the_filler_is_told_when_another_instance_is_done),
        cmocka_unit_test(after_a_recovery_old_fills_do_not_run),
        cmocka_unit_test(what_arrives_is_there_until_the_fill_ends),
        cmocka_unit_test(who_waits_is_told_of_every_move),
        cmocka_unit_test(what_is_replaced_goes_on_for_those_who_read_it),
        cmocka_unit_test(what_does_not_arrive_ends_when_it_is_replaced),
        cmocka_unit_test(what_the_dead_were_replaced_in_ends_too),
        cmocka_unit_test(attaches_to_what_it_has_made_only),
        cmocka_unit_test(agrees_with_a_model),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
