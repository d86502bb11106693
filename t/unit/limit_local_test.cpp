#include "cmocka.h"

#include <vector>

#include "limit/local.h"

using namespace edge;
using namespace edge::limit;

namespace {

constexpr Micros kNow = 1e12;

// A zone of its own for each limit, as in a configuration.
class Zone
{
public:
    Zone() : buckets(shm::Buckets::format(bytes_).value()) {}

private:
    alignas(shm::Buckets::kAlignment) std::byte bytes_[16 * 1024];

public:
    shm::Buckets buckets;
};

LocalLimit limit_in(const Zone &zone, std::string_view rate,
                    std::uint64_t burst)
{
    return {zone.buckets, {1, 1}, *make_bucket(*parse_rate(rate), burst)};
}

void the_burst_at_once_then_the_rate(void **)
{
    const Zone zone;
    const std::vector limits = {limit_in(zone, "10r/s", 2)};
    assert_int_equal(decide_locally(limits, kNow).granted, 1);
    const auto second = decide_locally(limits, kNow);
    assert_int_equal(second.granted, 1);
    assert_true(second.states[0] == (redis::LimitState{0, 200'000}));

    const auto third = decide_locally(limits, kNow);
    assert_int_equal(third.granted, 0);
    assert_int_equal(third.denied, 1);
    assert_true(third.states[0] == second.states[0]);
    assert_int_equal(decide_locally(limits, kNow + 99'999).granted, 0);
    assert_int_equal(decide_locally(limits, kNow + 100'000).granted, 1);
}

void a_refusal_charges_none_of_the_limits(void **)
{
    const Zone wide, narrow;
    const std::vector limits = {limit_in(wide, "10r/s", 5),
                                limit_in(narrow, "10r/s", 1)};
    decide_locally(limits, kNow);
    const auto answer = decide_locally(limits, kNow);
    assert_int_equal(answer.granted, 0);
    assert_int_equal(answer.denied, 2);
    assert_int_equal(answer.limits, 2);
    assert_int_equal(answer.states[0].remaining, 4);
    assert_int_equal(
        decide_locally(std::span(limits).first(1), kNow).states[0].remaining,
        3);
}

void a_dry_run_is_marked_and_stands_in_nobody_s_way(void **)
{
    const Zone dry, real;
    std::vector limits = {limit_in(dry, "10r/s", 1),
                          limit_in(real, "10r/s", 3)};
    limits[0].dry_run = true;
    decide_locally(limits, kNow);
    const auto answer = decide_locally(limits, kNow);
    assert_int_equal(answer.granted, 1);
    assert_int_equal(answer.denied, 1);
    assert_int_equal(answer.states[0].remaining, 0);
    assert_int_equal(answer.states[1].remaining, 1);
}

void a_cost_of_nothing_is_free_and_takes_no_place(void **)
{
    const Zone zone;
    std::vector limits = {limit_in(zone, "10r/s", 1)};
    limits[0].cost = 0;
    assert_int_equal(decide_locally(limits, kNow).granted, 1);
    assert_true(zone.buckets.tat(limits[0].key, kNow) == 0);

    limits[0].cost = 1;
    decide_locally(limits, kNow);
    limits[0].cost = 0;
    assert_int_equal(decide_locally(limits, kNow).granted, 1);
}

void a_cost_above_the_share_is_refused(void **)
{
    const Zone zone;
    std::vector limits = {limit_in(zone, "10r/s", 6)};
    limits[0].bucket = share(limits[0].bucket, 3);
    limits[0].cost = 3;
    assert_int_equal(decide_locally(limits, kNow).granted, 0);
    limits[0].cost = 2;
    assert_int_equal(decide_locally(limits, kNow).granted, 1);
}

void an_outage_begins_with_what_redis_told_last(void **)
{
    const Zone zone;
    std::vector limits = {limit_in(zone, "10r/s", 6)};
    // Four of six units were taken; each of two instances answers for half
    // of what is left.
    limits[0].bucket = share(limits[0].bucket, 2);
    note_level(zone.buckets, limits[0].key, limits[0].bucket, 400'000, kNow);
    assert_int_equal(decide_locally(limits, kNow).granted, 1);
    assert_int_equal(decide_locally(limits, kNow).granted, 0);
}

void an_empty_bucket_is_not_remembered(void **)
{
    const Zone zone;
    const LocalLimit limit = limit_in(zone, "10r/s", 6);
    note_level(zone.buckets, limit.key, limit.bucket, 0, kNow);
    assert_true(zone.buckets.tat(limit.key, kNow) == 0);
}

void instances_together_admit_no_more_than_one_would(void **)
{
    constexpr std::uint64_t kInstances = 3;
    std::vector<Zone> zones(kInstances);
    std::uint64_t admitted = 0;
    for (const Zone &zone : zones) {
        LocalLimit limit = limit_in(zone, "100r/s", 30);
        limit.bucket = share(limit.bucket, kInstances);
        const std::vector limits = {limit};
        for (int ms = 0; ms <= 10'000; ms++) {
            admitted += decide_locally(limits, kNow + ms * 1000.0).granted;
        }
    }
    assert_in_range(admitted, 1027, 1030);
}

void a_full_zone_still_limits(void **)
{
    const Zone zone;
    LocalLimit limit = limit_in(zone, "1r/h", 1);
    std::uint64_t admitted = 0;
    for (std::uint64_t n = 1; n <= 5000; n++) {
        limit.key = {n, n};
        admitted += decide_locally(std::span(&limit, 1), kNow).granted;
    }
    assert_int_equal(admitted, zone.buckets.places() + 1);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_burst_at_once_then_the_rate),
        cmocka_unit_test(a_refusal_charges_none_of_the_limits),
        cmocka_unit_test(a_dry_run_is_marked_and_stands_in_nobody_s_way),
        cmocka_unit_test(a_cost_of_nothing_is_free_and_takes_no_place),
        cmocka_unit_test(a_cost_above_the_share_is_refused),
        cmocka_unit_test(an_outage_begins_with_what_redis_told_last),
        cmocka_unit_test(an_empty_bucket_is_not_remembered),
        cmocka_unit_test(instances_together_admit_no_more_than_one_would),
        cmocka_unit_test(a_full_zone_still_limits),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
