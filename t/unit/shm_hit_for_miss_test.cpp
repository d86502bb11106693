#include "shm/hit_for_miss.h"

#include <vector>

#include "cmocka.h"

using namespace edge;
using namespace edge::shm;

namespace {

using Place = HitForMiss::Place;

constexpr BootTime at(int seconds)
{
    return BootTime(Seconds(seconds));
}

void remembers_until_then(void **)
{
    std::vector<HitForMiss::Row> rows(16);
    HitForMiss table(rows);
    assert_false(table.find({1, 1}, at(0)).has_value());
    table.remember({1, 1}, Place::origin, at(10));
    assert_true(table.find({1, 1}, at(9)).has_value());
    assert_false(table.find({2, 1}, at(9)).has_value());
    assert_false(table.find({1, 1}, at(10)).has_value());
}

void a_shorter_time_shortens_nothing(void **)
{
    std::vector<HitForMiss::Row> rows(16);
    HitForMiss table(rows);
    table.remember({1, 1}, Place::origin, at(10));
    table.remember({1, 1}, Place::origin, at(2));
    assert_true(table.find({1, 1}, at(9)).has_value());
}

void forgets_what_is_stored_after_all(void **)
{
    std::vector<HitForMiss::Row> rows(16);
    HitForMiss table(rows);
    table.remember({1, 1}, Place::origin, at(10));
    table.remember({2, 1}, Place::origin, at(10));
    table.forget({1, 1});
    table.forget({3, 1});
    assert_false(table.find({1, 1}, at(0)).has_value());
    assert_true(table.find({2, 1}, at(0)).has_value());
}

// The one that would have been forgotten first makes room.
void a_full_set_keeps_the_longest(void **)
{
    std::vector<HitForMiss::Row> rows(4);
    HitForMiss table(rows);
    for (std::uint64_t name = 1; name <= 4; name++) {
        table.remember({name, name}, Place::origin,
                       at(static_cast<int>(10 + name)));
    }
    table.remember({5, 5}, Place::origin, at(20));
    assert_false(table.find({1, 1}, at(0)).has_value());
    for (std::uint64_t name = 2; name <= 5; name++) {
        assert_true(table.find({name, name}, at(0)).has_value());
    }
}

void knows_where_the_answer_is(void **)
{
    std::vector<HitForMiss::Row> rows(16);
    HitForMiss table(rows);
    table.remember({1, 1}, Place::redis, at(10));
    assert_true(table.find({1, 1}, at(9)) == Place::redis);
    table.remember({1, 1}, Place::origin, at(5));
    assert_true(table.find({1, 1}, at(9)) == Place::origin);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(remembers_until_then),
        cmocka_unit_test(a_shorter_time_shortens_nothing),
        cmocka_unit_test(forgets_what_is_stored_after_all),
        cmocka_unit_test(knows_where_the_answer_is),
        cmocka_unit_test(a_full_set_keeps_the_longest),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
