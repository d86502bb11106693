// Quotas of calendar periods: so many units an hour, day, week or month, all at
// once or spread, and none more before the next period begins.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "limit/rate.h"

namespace edge::limit {

enum class Calendar : std::uint8_t
{
    hour,
    day,
    week, // from Monday
    month
};

struct Quota
{
    double units = 1;
    Calendar period = Calendar::day;
    std::int32_t offset = 0; // seconds that local time is ahead of UTC

    friend bool operator==(const Quota &, const Quota &) = default;
};

inline constexpr std::string_view kQuotaSyntax =
    "a quota is a number from 1 to 1000000000000 and a period: 1000/hour, "
    "10000/day, 50000/week or 1000000/month";
inline constexpr std::string_view kOffsetSyntax =
    "an offset is what local time is ahead of UTC: +01:00 or -05:30, at most "
    "14 hours";

// nullopt: tell the operator kQuotaSyntax.
std::optional<Quota> parse_quota(std::string_view text);

// Seconds; nullopt: tell the operator kOffsetSyntax.
std::optional<std::int32_t> parse_offset(std::string_view text);

// When the period ends that `now` (microseconds since 1970) lies in. A period
// includes its beginning, and not its end.
Micros period_end(const Quota &quota, Micros now);

// What a key has used. All zero for a new one.
struct QuotaCount
{
    Micros ends = 0;
    double used = 0;

    friend bool operator==(const QuotaCount &, const QuotaCount &) = default;
};

// The same at another time. A count of the next period stays (the clock went
// back).
QuotaCount roll(const Quota &quota, const QuotaCount &count, Micros now);

// In whole seconds, of the one that ends then.
std::uint64_t period_seconds(const Quota &quota, Micros ends);

} // namespace edge::limit
