#include "shm/fetch_counts.h"

#include <memory>
#include <string>
#include <vector>

#include "cmocka.h"

using namespace edge;
using namespace edge::shm;

namespace {

constexpr OwnerSlot kFirst{1};
constexpr OwnerSlot kSecond{200};

struct Counts
{
    std::unique_ptr<FetchCounts::Table> table =
        std::make_unique<FetchCounts::Table>();
    FetchCounts counts{table.get()};
};

WorkerSet workers(std::size_t worker)
{
    WorkerSet set;
    set.add(worker);
    return set;
}

void gives_as_many_as_the_limit(void **)
{
    Counts c;
    assert_true(c.counts.take(0, kFirst, 2));
    assert_true(c.counts.take(0, kSecond, 2));
    assert_false(c.counts.take(0, kFirst, 2));
    assert_true(c.counts.take(0, kFirst, 3));
    assert_true(c.counts.take(1, kFirst, 1));
    c.counts.give_back(0, kSecond);
    assert_int_equal(c.counts.at(0).running, 2);
    assert_int_equal(c.counts.at(1).running, 1);
}

void a_lower_limit_waits_for_the_old_ones(void **)
{
    Counts c;
    for (int i = 0; i < 3; i++) {
        assert_true(c.counts.take(0, kFirst, 3));
    }
    assert_false(c.counts.take(0, kFirst, 1));
    c.counts.give_back(0, kFirst);
    c.counts.give_back(0, kFirst);
    assert_false(c.counts.take(0, kFirst, 1));
    c.counts.give_back(0, kFirst);
    assert_true(c.counts.take(0, kFirst, 1));
}

void tells_each_waiting_worker_once(void **)
{
    Counts c;
    assert_true(c.counts.take(0, kFirst, 2));
    assert_true(c.counts.take(0, kFirst, 2));
    c.counts.wait(0, 3);
    assert_true(c.counts.give_back(0, kFirst) == workers(3));
    assert_true(c.counts.give_back(0, kFirst) == WorkerSet());
}

void what_the_dead_held_is_free(void **)
{
    Counts c;
    for (std::size_t group = 0; group < 2; group++) {
        assert_true(c.counts.take(group, kFirst, 9));
        assert_true(c.counts.take(group, kSecond, 9));
        assert_true(c.counts.take(group, kSecond, 9));
    }
    c.counts.wait(1, 5);
    c.counts.wait(2, 6);
    assert_true(c.counts.release_all_of(kSecond) == workers(5));
    assert_int_equal(c.counts.at(0).running, 1);
    assert_int_equal(c.counts.at(1).running, 1);
    assert_true(c.counts.release_all_of(kSecond) == WorkerSet());
}

// What was counted before is given back all the same.
void after_a_recovery_nothing_is_counted_twice(void **)
{
    Counts c;
    assert_true(c.counts.take(0, kFirst, 1));
    c.counts.recover();
    c.counts.give_back(0, kFirst);
    assert_int_equal(c.counts.at(0).running, 0);
    assert_true(c.counts.take(0, kFirst, 1));
}

void names_keep_their_groups(void **)
{
    Counts c;
    const std::vector<std::string_view> before = {"a", "b"};
    assert_int_equal(c.counts.claim("a", before), 0);
    assert_int_equal(c.counts.claim("b", before), 1);
    assert_true(c.counts.take(1, kFirst, 1));
    const std::vector<std::string_view> after = {"c", "b"};
    assert_int_equal(c.counts.claim("c", after), 0);
    assert_int_equal(c.counts.claim("b", after), 1);
    assert_int_equal(c.counts.at(1).running, 1);
}

void there_is_room_for_all_that_are_wanted(void **)
{
    Counts c;
    for (int generation = 0; generation < 3; generation++) {
        std::vector<std::string> texts;
        for (std::size_t i = 0; i < FetchCounts::kGroups; i++) {
            texts.push_back(std::to_string(generation) + "." +
                            std::to_string(i) +
                            std::string(FetchCounts::kMaxName - 4, 'x'));
        }
        const std::vector<std::string_view> names(texts.begin(), texts.end());
        std::vector<bool> used(FetchCounts::kGroups);
        for (const std::string_view name : names) {
            const std::size_t group = c.counts.claim(name.substr(0, 63), names);
            assert_false(used[group]);
            used[group] = true;
        }
    }
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(gives_as_many_as_the_limit),
        cmocka_unit_test(a_lower_limit_waits_for_the_old_ones),
        cmocka_unit_test(tells_each_waiting_worker_once),
        cmocka_unit_test(what_the_dead_held_is_free),
        cmocka_unit_test(after_a_recovery_nothing_is_counted_twice),
        cmocka_unit_test(names_keep_their_groups),
        cmocka_unit_test(there_is_room_for_all_that_are_wanted),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
