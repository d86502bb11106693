#include "cmocka.h"

#include <random>

#include "limit/gcra.h"
#include "limit/refund.h"

using namespace edge;
using namespace edge::limit;
using redis::LimitKind;
using redis::ScriptLimit;

namespace {

const ScriptLimit kBucket{"k", LimitKind::bucket, 1000, 10'000, 3, false, 5};
const ScriptLimit kQuota{"k", LimitKind::day, 100, 0, 3, false, 5};

void a_bucket_gets_back_what_has_not_drained(void **)
{
    const auto debit = *refund(kBucket, 3, 400);
    assert_int_equal(debit.cost, -1);
    assert_true(debit.a == 2600);
    assert_true(debit.b == 10'000);
    assert_int_equal(debit.extra, 0);
    assert_none(refund(kBucket, 3, 3000));
    assert_none(refund(kBucket, 0, 0));
}

void a_clock_that_went_back_gives_nothing_away(void **)
{
    assert_true(refund(kBucket, 3, -1000)->a == 3000);
}

void a_count_gets_back_units(void **)
{
    const auto debit = *refund(kQuota, 8, 1e9);
    assert_int_equal(debit.cost, -8);
    assert_true(debit.a == 100);
    assert_none(refund(kQuota, 0, 0));
}

void what_is_told_is_what_is_left_then(void **)
{
    const auto bucket = with_refund(kBucket, {2, 8000}, 3);
    assert_int_equal(bucket.remaining, 5);
    assert_true(bucket.time == 5000);
    assert_int_equal(with_refund(kBucket, {9, 1000}, 3).remaining, 10);
    const auto quota = with_refund(kQuota, {96, 5e6}, 3);
    assert_int_equal(quota.remaining, 99);
    assert_true(quota.time == 5e6);
    assert_int_equal(with_refund(kQuota, {99, 5e6}, 3).remaining, 100);
}

// Beside a bucket that was never charged what was given back.
void no_history_makes_a_unit_out_of_nothing(void **)
{
    std::mt19937_64 random(1);
    const auto any = [&random](std::uint64_t most) {
        return static_cast<double>(random() % (most + 1));
    };
    double kept = 0;
    for (int history = 0; history < 100'000; history++) {
        Micros now = 1e12;
        const Micros level = any(10'000);
        const double units = 1 + any(4);
        Micros with = now + level + units * kBucket.a;
        Micros without = now + level;
        const Micros charged = now;
        for (std::uint64_t i = random() % 5; i > 0; i--) {
            now += any(5000);
            const Micros more = any(3) * kBucket.a;
            with = std::max(with, now) + more;
            without = std::max(without, now) + more;
        }
        now += any(3000);
        if (const auto debit = refund(
                kBucket, static_cast<std::uint64_t>(units), now - charged)) {
            with = std::max(now, std::max(with, now) - debit->a);
        }
        with = std::max(with, now);
        assert_true(with >= std::max(without, now) - 1e-3);
        kept += with - std::max(without, now);
    }
    assert_true(kept / 100'000 < 3 * kBucket.a);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_bucket_gets_back_what_has_not_drained),
        cmocka_unit_test(a_clock_that_went_back_gives_nothing_away),
        cmocka_unit_test(a_count_gets_back_units),
        cmocka_unit_test(what_is_told_is_what_is_left_then),
        cmocka_unit_test(no_history_makes_a_unit_out_of_nothing),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
