#include "cache/early_refresh.h"

#include <algorithm>
#include <cmath>

namespace edge::cache {

namespace {

// In (0, 1].
double uniform(std::uint64_t random)
{
    return std::ldexp(static_cast<double>(random >> 11) + 1, -53);
}

} // namespace

bool is_refresh_due(const EntryTimes &times, Millis age, std::uint32_t factor,
                    std::uint64_t random)
{
    const Millis fetch = std::max(times.response - times.request, Millis(1));
    const Millis remaining = times.lifetime - age;
    const double ahead = static_cast<double>(fetch.count()) * factor *
                         -std::log(uniform(random));
    return static_cast<double>(remaining.count()) <= ahead;
}

Millis shortened(Millis lifetime, std::uint32_t percent, std::uint64_t random)
{
    const double part = uniform(random) * percent / 100;
    const auto left_out = static_cast<double>(lifetime.count()) * part;
    return lifetime - Millis(static_cast<std::int64_t>(left_out));
}

} // namespace edge::cache
