#include "cmocka.h"

#include <limits>
#include <random>
#include <vector>

#include "limit/gcra.h"

using namespace edge::limit;

namespace {

constexpr Micros kNow = 1.8e15; // 2027, in microseconds since 1970

Bucket bucket_of(std::string_view rate, std::uint64_t burst)
{
    return make_bucket(*parse_rate(rate), burst).value();
}

// What the bound says, word for word, over all that was admitted before.
class Reference
{
public:
    explicit Reference(const Bucket &bucket) : bucket_(bucket) {}

    bool admit(Micros now, std::uint64_t cost)
    {
        if (cost == 0) {
            return true;
        }
        double units = static_cast<double>(cost);
        if (!within(0, units)) {
            return false;
        }
        for (auto old = admitted_.rbegin(); old != admitted_.rend(); ++old) {
            units += old->units;
            if (!within(now - old->at, units)) {
                return false;
            }
        }
        admitted_.push_back({now, static_cast<double>(cost)});
        return true;
    }

private:
    struct Admitted
    {
        Micros at;
        double units;
    };

    bool within(Micros interval, double units) const
    {
        return units * bucket_.interval <= interval + bucket_.capacity;
    }

    Bucket bucket_;
    std::vector<Admitted> admitted_;
};

void compare_with_reference(std::mt19937 &random, const Bucket &bucket,
                            std::uint64_t max_cost)
{
    Reference reference(bucket);
    Micros tat = 0;
    Micros now = kNow;

    for (int i = 0; i < 400; i++) {
        const auto gap = static_cast<unsigned>(bucket.interval * 2);
        now += static_cast<double>(random() % (gap + 1));
        const std::uint64_t cost = random() % (max_cost + 1);
        const Decision decision = decide(bucket, tat, now, cost);
        assert_true(decision.allowed == reference.admit(now, cost));
        if (decision.allowed) {
            tat = decision.tat;
        }
    }
}

void it_admits_exactly_what_the_bound_allows(void **)
{
    std::mt19937 random(1);
    for (int round = 0; round < 300; round++) {
        const Rate rate{1 + random() % 3000, 1};
        const std::uint64_t burst = 1 + random() % 20;
        const Bucket bucket = *make_bucket(rate, burst);
        compare_with_reference(random, bucket, 1);
        compare_with_reference(random, bucket, burst + 1);
        compare_with_reference(random, share(bucket, 1 + random() % 5), 3);
    }
}

void the_burst_is_the_bucket_s_size(void **)
{
    const Bucket bucket = bucket_of("10r/s", 3);
    Micros tat = 0;
    for (int i = 0; i < 3; i++) {
        const Decision decision = decide(bucket, tat, kNow, 1);
        assert_true(decision.allowed);
        tat = decision.tat;
    }
    assert_false(decide(bucket, tat, kNow, 1).allowed);
    assert_false(decide(bucket, tat, kNow + 99'999, 1).allowed);
    assert_true(decide(bucket, tat, kNow + 100'000, 1).allowed);
}

void remaining_and_level_are_those_after_the_decision(void **)
{
    const Bucket bucket = bucket_of("10r/s", 3);
    const Decision first = decide(bucket, 0, kNow, 1);
    assert_true(first.level == 100'000);
    assert_int_equal(remaining(bucket, first.level), 2);

    const Decision later = decide(bucket, first.tat, kNow + 50'000, 2);
    assert_true(later.level == 250'000);
    assert_int_equal(remaining(bucket, later.level), 0);
}

void a_refusal_changes_nothing(void **)
{
    const Bucket bucket = bucket_of("10r/s", 2);
    const Decision full = decide(bucket, 0, kNow, 2);
    const Decision refused = decide(bucket, full.tat, kNow + 10, 1);
    assert_false(refused.allowed);
    assert_true(refused.tat == full.tat);
    assert_true(refused.level == 199'990);
}

void who_waits_as_told_is_admitted_and_not_a_quarter_earlier(void **)
{
    const Bucket bucket = bucket_of("7r/s", 5);
    const Decision full = decide(bucket, 0, kNow, 5);
    for (std::uint64_t cost = 1; cost <= 5; cost++) {
        const Micros wait = wait_for(bucket, full.level, cost).value();
        assert_true(decide(bucket, full.tat, kNow + wait, cost).allowed);
        assert_false(
            decide(bucket, full.tat, kNow + wait - 0.25, cost).allowed);
    }
}

void a_cost_above_the_burst_is_never_allowed(void **)
{
    const Bucket bucket = bucket_of("10r/s", 3);
    assert_false(decide(bucket, 0, kNow, 4).allowed);
    assert_none(wait_for(bucket, 0, 4));
    assert_none(wait_for(bucket, 0, std::numeric_limits<uint64_t>::max()));
}

void a_cost_of_nothing_is_free_even_in_a_full_bucket(void **)
{
    const Bucket bucket = bucket_of("10r/s", 1);
    const Decision full = decide(bucket, 0, kNow, 1);
    const Decision free = decide(bucket, full.tat, kNow, 0);
    assert_true(free.allowed);
    assert_true(free.tat == full.tat);
}

void a_clock_that_jumped_back_costs_at_most_one_burst(void **)
{
    const Bucket bucket = bucket_of("10r/s", 3);
    const Decision decision = decide(bucket, kNow + 1e12, kNow, 1);
    assert_false(decision.allowed);
    assert_true(decision.level == bucket.capacity);
    assert_true(wait_for(bucket, decision.level, 1) == 100'000);
}

void a_tat_that_is_no_number_is_an_empty_bucket(void **)
{
    const Bucket bucket = bucket_of("10r/s", 3);
    const Micros nan = std::numeric_limits<double>::quiet_NaN();
    assert_true(decide(bucket, nan, kNow, 3).allowed);
    assert_true(decide(bucket, -1e300, kNow, 3).allowed);
    assert_false(decide(bucket, 1e300, kNow, 1).allowed);
}

void a_level_of_a_larger_bucket_takes_its_time_to_drain(void **)
{
    const Bucket bucket = bucket_of("10r/s", 3);
    assert_int_equal(remaining(bucket, 5'000'000), 0);
    assert_true(wait_for(bucket, 5'000'000, 1) == 4'800'000);
}

void shares_add_up_to_the_whole(void **)
{
    const Bucket whole = bucket_of("100r/s", 10);
    const Bucket third = share(whole, 3);
    assert_true(third.interval == 30'000);
    assert_true(third.capacity == whole.capacity);
    assert_int_equal(remaining(third, 0), 3);
    assert_true(share(whole, 1) == whole);
}

void a_share_has_room_for_at_least_one_unit(void **)
{
    const Bucket part = share(bucket_of("100r/s", 2), 8);
    assert_true(part.interval == 80'000);
    assert_int_equal(remaining(part, 0), 1);
}

void a_bucket_that_takes_longer_than_a_year_is_refused(void **)
{
    assert_some(make_bucket({1, 86400}, 366));
    assert_none(make_bucket({1, 86400}, 367));
    assert_some(make_bucket({1'000'000, 1}, kMaxBurst));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(it_admits_exactly_what_the_bound_allows),
        cmocka_unit_test(the_burst_is_the_bucket_s_size),
        cmocka_unit_test(remaining_and_level_are_those_after_the_decision),
        cmocka_unit_test(a_refusal_changes_nothing),
        cmocka_unit_test(
            who_waits_as_told_is_admitted_and_not_a_quarter_earlier),
        cmocka_unit_test(a_cost_above_the_burst_is_never_allowed),
        cmocka_unit_test(a_cost_of_nothing_is_free_even_in_a_full_bucket),
        cmocka_unit_test(a_clock_that_jumped_back_costs_at_most_one_burst),
        cmocka_unit_test(a_tat_that_is_no_number_is_an_empty_bucket),
        cmocka_unit_test(a_level_of_a_larger_bucket_takes_its_time_to_drain),
        cmocka_unit_test(shares_add_up_to_the_whole),
        cmocka_unit_test(a_share_has_room_for_at_least_one_unit),
        cmocka_unit_test(a_bucket_that_takes_longer_than_a_year_is_refused),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
