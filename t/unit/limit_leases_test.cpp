#include "cmocka.h"

#include <random>

#include "limit/leases.h"

using namespace edge;
using namespace edge::limit;

namespace {

constexpr Micros kNow = 1e12;
constexpr Micros kDay = 86'400e6;
constexpr Hash128 kKey{1, 1};
const Meter kBucket = Bucket{1000, 100'000}; // 1000r/s, a burst of 100

// Midnight is when the steady clock is at kNow.
Clocks at(Micros steady)
{
    return {steady, 20'000 * kDay + steady - kNow};
}

// At `rate` a second for so long; the demand that is left.
std::uint64_t wanted_after(double rate, Micros time)
{
    Leases leases;
    Micros now = kNow;
    while (now < kNow + time) {
        now += 1e6 / rate;
        leases.has(kKey, 1, now);
    }
    return leases.wanted(kKey, now);
}

void what_was_charged_may_be_used_for_a_term(void **)
{
    Leases leases;
    assert_false(leases.has(kKey, 1, kNow));
    leases.add(kKey, 3, at(kNow));
    assert_true(leases.has(kKey, 1, kNow));
    leases.take(kKey, 1);
    assert_true(leases.has(kKey, 2, kNow));
    assert_false(leases.has(kKey, 3, kNow));
    assert_false(leases.has({2, 2}, 1, kNow));
    assert_true(leases.has(kKey, 2, kNow + Leases::kTerm - 1));
    assert_false(leases.has(kKey, 2, kNow + Leases::kTerm));
}

void as_much_is_wanted_as_comes_in_most_of_a_term(void **)
{
    assert_in_range(wanted_after(1000, 1e6), 65, 71);
    assert_in_range(wanted_after(100, 1e6), 6, 7);
    assert_int_equal(wanted_after(10, 5e6), 0);
    assert_int_equal(wanted_after(1000, 1000), 0);
}

void demand_of_long_ago_is_forgotten(void **)
{
    Leases leases;
    for (int i = 0; i < 1000; i++) {
        leases.has(kKey, 1, kNow);
    }
    assert_int_equal(leases.wanted(kKey, kNow), 700);
    assert_int_equal(leases.wanted(kKey, kNow + 20 * Leases::kTerm), 0);
}

void what_is_not_used_in_time_is_given_back_once(void **)
{
    Leases leases;
    leases.has(kKey, 1, kNow);
    leases.add(kKey, 150, at(kNow));
    assert_int_equal(leases.take_expired(kKey, kBucket, at(kNow + 99'999)), 0);
    assert_int_equal(leases.take_expired(kKey, kBucket, at(kNow + 100'000)),
                     50);
    assert_int_equal(leases.take_expired(kKey, kBucket, at(kNow + 100'000)), 0);
}

void a_quota_gets_all_of_it_back(void **)
{
    Leases leases;
    leases.has(kKey, 1, kNow);
    leases.add(kKey, 150, at(kNow));
    const Meter quota = Quota{1000, Calendar::day, 0};
    assert_int_equal(leases.take_expired(kKey, quota, at(kNow + 5e6)), 150);
}

// What was charged to a count that ends at kNow would be admitted in the next
// one besides all of its own.
void assert_is_not_given_to_the_next(const Meter &meter, Micros early,
                                     Micros late)
{
    Leases leases;
    leases.has(kKey, 1, kNow - 1);
    leases.add(kKey, 150, at(kNow - 1));
    assert_int_equal(leases.take_expired(kKey, meter, at(kNow + early)), 0);
    leases.add(kKey, 150, at(kNow + early));
    assert_int_equal(leases.take_expired(kKey, meter, at(kNow + late)), 150);
}

void a_quota_gets_nothing_back_from_the_day_before(void **)
{
    assert_is_not_given_to_the_next(Quota{1000, Calendar::day, 0}, 5e6, 6e6);
}

void a_window_gets_nothing_back_from_the_one_before(void **)
{
    assert_is_not_given_to_the_next(Window{1000, 1e6}, 2e5, 9e5);
}

// A bucket has drained since the first were charged, and may have been empty.
void what_was_leased_later_ends_with_what_is_left(void **)
{
    Leases leases;
    leases.has(kKey, 1, kNow);
    leases.add(kKey, 50, at(kNow));
    leases.add(kKey, 100, at(kNow + 90'000));
    assert_false(leases.has(kKey, 1, kNow + 100'000));
    assert_int_equal(leases.take_expired(kKey, kBucket, at(kNow + 120'000)),
                     30);
}

// Whatever is leased and given back: the level is never below that of a bucket
// that was charged only for what was used.
void giving_back_makes_no_units(void **)
{
    std::mt19937 random(1);
    const Bucket bucket = std::get<Bucket>(kBucket);
    for (int round = 0; round < 20'000; round++) {
        Leases leases;
        leases.has(kKey, 1, kNow);
        const auto before = static_cast<double>(random() % 50);
        const std::uint64_t leased = random() % 50;
        const std::uint64_t used = leased ? random() % leased : 0;
        Micros with =
            kNow + (before + static_cast<double>(leased)) * bucket.interval;
        Micros without =
            kNow + (before + static_cast<double>(used)) * bucket.interval;
        leases.add(kKey, leased, at(kNow));
        leases.take(kKey, used);
        const Micros now =
            kNow + Leases::kTerm + static_cast<double>(random() % 200'000);
        const auto back =
            static_cast<double>(leases.take_expired(kKey, kBucket, at(now)));
        with = std::max(with, now) - back * bucket.interval;
        without = std::max(without, now);
        assert_true(std::max(with, now) >= without);
    }
}

void with_too_many_keys_leases_are_dropped(void **)
{
    Leases leases;
    for (std::uint64_t n = 0; n <= Leases::kMaxKeys; n++) {
        leases.has({n, n}, 1, kNow);
        leases.add({n, n}, 1, at(kNow));
    }
    assert_false(leases.has({0, 0}, 1, kNow));
    assert_true(leases.has({Leases::kMaxKeys, Leases::kMaxKeys}, 1, kNow));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(what_was_charged_may_be_used_for_a_term),
        cmocka_unit_test(as_much_is_wanted_as_comes_in_most_of_a_term),
        cmocka_unit_test(demand_of_long_ago_is_forgotten),
        cmocka_unit_test(what_is_not_used_in_time_is_given_back_once),
        cmocka_unit_test(a_quota_gets_all_of_it_back),
        cmocka_unit_test(a_quota_gets_nothing_back_from_the_day_before),
        cmocka_unit_test(a_window_gets_nothing_back_from_the_one_before),
        cmocka_unit_test(what_was_leased_later_ends_with_what_is_left),
        cmocka_unit_test(giving_back_makes_no_units),
        cmocka_unit_test(with_too_many_keys_leases_are_dropped),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
