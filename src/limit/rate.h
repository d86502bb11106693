// What an operator writes for a limit: a rate and a burst.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace edge::limit {

// Microseconds. All of them are multiples of a quarter, which a double adds
// and compares exactly as long as they stay below 2^51: until the year 2041
// for microseconds since 1970. The script in Redis has nothing but doubles;
// here the same type gives the same decisions.
using Micros = double;

struct Clocks
{
    Micros steady = 0; // never goes back
    Micros wall = 0;   // since 1970: only says in which window or period
};

inline constexpr std::uint64_t kMaxRate = 1'000'000; // units a second
inline constexpr std::uint64_t kMaxBurst = 1'000'000'000;

struct Rate
{
    std::uint64_t units = 1;
    std::uint64_t seconds = 1;

    friend bool operator==(const Rate &, const Rate &) = default;
};

inline constexpr std::string_view kRateSyntax =
    "a rate is a number from 1 and a unit: 100r/s, 600r/m, 5r/h or 1r/d, "
    "and at most 1000000r/s";
inline constexpr std::string_view kBurstSyntax =
    "a burst is a number from 1 to 1000000000: how many requests may come "
    "at once";

// nullopt: tell the operator kRateSyntax.
std::optional<Rate> parse_rate(std::string_view text);

// nullopt: tell the operator kBurstSyntax.
std::optional<std::uint64_t> parse_burst(std::string_view text);

// Time between two units, rounded up to a quarter of a microsecond: never
// more than the rate is admitted, and from 5000 r/s down at most 0.13 % less.
Micros emission_interval(const Rate &rate);

} // namespace edge::limit
