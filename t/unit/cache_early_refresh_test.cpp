#include "cache/early_refresh.h"

#include <array>
#include <random>

#include "cmocka.h"

using namespace edge;
using cache::EntryTimes;
using cache::is_refresh_due;
using cache::shortened;

namespace {

constexpr std::uint64_t kLeast = 0;
constexpr std::uint64_t kMost = ~std::uint64_t{0};

EntryTimes fetched_in(Millis fetch, Millis lifetime)
{
    EntryTimes times;
    times.request = WallTime(Seconds(1000));
    times.response = times.request + fetch;
    times.lifetime = lifetime;
    return times;
}

// The share of 1000 evenly spread random numbers by which it is due.
int share_due(const EntryTimes &times, Millis age, std::uint32_t factor)
{
    int due = 0;
    for (std::uint64_t i = 0; i < 1000; i++) {
        due += is_refresh_due(times, age, factor, kMost / 1000 * i);
    }
    return due;
}

// exp(-remaining / (fetch * factor)), as the exponential distribution has it.
void the_share_grows_towards_the_end(void **)
{
    const EntryTimes times = fetched_in(Millis(100), Seconds(10));
    assert_in_range(share_due(times, Millis(9'900), 1), 360, 376);
    assert_in_range(share_due(times, Millis(9'800), 1), 128, 142);
    assert_in_range(share_due(times, Millis(9'500), 1), 4, 10);
    assert_in_range(share_due(times, Millis(9'500), 5), 360, 376);
}

void the_last_moment_is_always_due(void **)
{
    const EntryTimes times = fetched_in(Millis(100), Seconds(10));
    assert_true(is_refresh_due(times, Seconds(10), 1, kLeast));
    assert_true(is_refresh_due(times, Seconds(10), 1, kMost));
    assert_false(is_refresh_due(times, Millis(9'999), 1, kMost));
}

// 2^-53 is the least that is drawn: 37 fetches ahead.
void nothing_is_due_long_before(void **)
{
    const EntryTimes times = fetched_in(Millis(100), Seconds(10));
    assert_false(is_refresh_due(times, Millis(6'000), 1, kLeast));
    assert_true(is_refresh_due(times, Millis(6'400), 1, kLeast));
}

// Within the clock's resolution, or by a clock that was set back.
void a_fetch_takes_a_millisecond_at_least(void **)
{
    for (const Millis fetch : {Millis(0), Millis(-5'000)}) {
        const EntryTimes times = fetched_in(fetch, Seconds(10));
        assert_in_range(share_due(times, Millis(9'999), 1), 360, 376);
    }
}

void a_lifetime_is_shortened_by_the_part_at_most(void **)
{
    assert_true(shortened(Seconds(100), 10, kMost) == Seconds(90));
    assert_true(shortened(Seconds(100), 10, kMost / 2) == Seconds(95));
    assert_true(shortened(Seconds(100), 10, kLeast) == Seconds(100));
    assert_true(shortened(Seconds(100), 0, kMost) == Seconds(100));
    assert_true(shortened(Millis(1), 50, kMost) == Millis(1));
}

// 10^5 that were filled at once, for a minute, with a jitter of 20 %.
void what_was_filled_in_one_second_does_not_expire_in_one(void **)
{
    std::mt19937_64 random(1);
    std::array<int, 61> expiring{};
    for (int i = 0; i < 100'000; i++) {
        const Millis lifetime = shortened(Seconds(60), 20, random());
        expiring[static_cast<std::size_t>(lifetime.count() / 1000)]++;
    }
    // They spread over 12 seconds.
    for (std::size_t second = 48; second < 60; second++) {
        assert_in_range(expiring[second], 7'900, 8'800);
    }
    assert_in_range(expiring[60], 0, 100);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_share_grows_towards_the_end),
        cmocka_unit_test(the_last_moment_is_always_due),
        cmocka_unit_test(nothing_is_due_long_before),
        cmocka_unit_test(a_fetch_takes_a_millisecond_at_least),
        cmocka_unit_test(a_lifetime_is_shortened_by_the_part_at_most),
        cmocka_unit_test(what_was_filled_in_one_second_does_not_expire_in_one),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
