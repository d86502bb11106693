#include "shm/hit_for_miss.h"

#include <vector>

#include "cmocka.h"

using namespace edge;
using namespace edge::shm;

namespace {

using Place = HitForMiss::Place;
using cache::Reason;

constexpr HitForMiss::Refused kPrivate{Reason::response_private, {}};

constexpr BootTime at(int seconds)
{
    return BootTime(Seconds(seconds));
}

void remembers_until_then(void **)
{
    std::vector<HitForMiss::Row> rows(16);
    HitForMiss table(rows);
    assert_false(table.find({1, 1}, at(0)).has_value());
    table.remember({1, 1}, Place::origin, at(10), kPrivate);
    assert_true(table.find({1, 1}, at(9)).has_value());
    assert_false(table.find({2, 1}, at(9)).has_value());
    assert_false(table.find({1, 1}, at(10)).has_value());
}

void a_shorter_time_shortens_nothing(void **)
{
    std::vector<HitForMiss::Row> rows(16);
    HitForMiss table(rows);
    table.remember({1, 1}, Place::origin, at(10), kPrivate);
    table.remember({1, 1}, Place::origin, at(2), kPrivate);
    assert_true(table.find({1, 1}, at(9)).has_value());
}

void forgets_what_is_stored_after_all(void **)
{
    std::vector<HitForMiss::Row> rows(16);
    HitForMiss table(rows);
    table.remember({1, 1}, Place::origin, at(10), kPrivate);
    table.remember({2, 1}, Place::origin, at(10), kPrivate);
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
                       at(static_cast<int>(10 + name)), kPrivate);
    }
    table.remember({5, 5}, Place::origin, at(20), kPrivate);
    assert_false(table.find({1, 1}, at(0)).has_value());
    for (std::uint64_t name = 2; name <= 5; name++) {
        assert_true(table.find({name, name}, at(0)).has_value());
    }
}

void knows_where_the_answer_is(void **)
{
    std::vector<HitForMiss::Row> rows(16);
    HitForMiss table(rows);
    table.remember({1, 1}, Place::redis, at(10), kPrivate);
    assert_true(table.find({1, 1}, at(9)) == Place::redis);
    table.remember({1, 1}, Place::origin, at(5), kPrivate);
    assert_true(table.find({1, 1}, at(9)) == Place::origin);
}

void says_why_the_last_answer_was_not_stored(void **)
{
    std::vector<HitForMiss::Row> rows(16);
    HitForMiss table(rows);
    assert_false(table.look({1, 1}).has_value());
    table.remember({1, 1}, Place::redis, at(10), {Reason::zone_full, at(3)});
    table.note({1, 1}, {Reason::truncated, at(5)});
    const auto standing = table.look({1, 1});
    assert_true(standing->refused.reason == Reason::truncated);
    assert_true(standing->refused.at == at(5));
    assert_true(standing->until == at(10));
    assert_true(standing->place == Place::redis);
}

// A note for people changes nothing for requests.
void what_is_only_noted_makes_nobody_pass(void **)
{
    std::vector<HitForMiss::Row> rows(16);
    HitForMiss table(rows);
    table.note({1, 1}, {Reason::purged, at(5)});
    assert_false(table.find({1, 1}, at(5)).has_value());
    assert_true(table.look({1, 1})->refused.reason == Reason::purged);
    table.forget({1, 1});
    assert_false(table.look({1, 1}).has_value());
}

void a_note_takes_no_place_that_is_needed(void **)
{
    std::vector<HitForMiss::Row> rows(4);
    HitForMiss table(rows);
    for (std::uint64_t name = 1; name <= 4; name++) {
        table.remember({name, name}, Place::origin, at(10), kPrivate);
    }
    table.note({5, 5}, {Reason::purged, at(9)});
    assert_false(table.look({5, 5}).has_value());
    assert_true(table.find({1, 1}, at(9)).has_value());
    table.note({5, 5}, {Reason::purged, at(10)});
    assert_true(table.look({5, 5}).has_value());
}

void bytes_of_another_version_are_no_reason(void **)
{
    std::vector<HitForMiss::Row> rows(4);
    rows[0] = {1, 5, Place::origin, 255, 1};
    const HitForMiss table(rows);
    assert_true(table.look({1, 1})->refused.reason == Reason::none);
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
        cmocka_unit_test(says_why_the_last_answer_was_not_stored),
        cmocka_unit_test(what_is_only_noted_makes_nobody_pass),
        cmocka_unit_test(a_note_takes_no_place_that_is_needed),
        cmocka_unit_test(bytes_of_another_version_are_no_reason),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
