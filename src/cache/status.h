// How a request was answered: nginx's own words for it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace edge::cache {

enum class Status : std::uint8_t {
    none,
    miss,
    bypass,
    hit,
    // What was stored was too old, and the origin has sent another answer;
    expired,
    // has failed, so that it was sent all the same;
    stale,
    // was being asked by somebody else, likewise;
    updating,
    // has confirmed it.
    revalidated,
    count_
};

inline constexpr auto kStatuses = static_cast<std::size_t>(Status::count_);

// In upper case, as in $upstream_cache_status; empty for none.
constexpr std::string_view name(Status status)
{
    constexpr std::array<std::string_view, kStatuses> names = {
        "",        "MISS",  "BYPASS",   "HIT",
        "EXPIRED", "STALE", "UPDATING", "REVALIDATED"};
    return names[static_cast<std::size_t>(status)];
}

enum class Tier : std::uint8_t { memory, redis, count_ };

inline constexpr auto kTiers = static_cast<std::size_t>(Tier::count_);

constexpr std::string_view name(Tier tier)
{
    return tier == Tier::memory ? "memory" : "redis";
}

} // namespace edge::cache
