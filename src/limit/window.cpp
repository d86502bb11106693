#include "limit/window.h"

#include <algorithm>
#include <cmath>

namespace edge::limit {

namespace {

Micros elapsed(const WindowCount &count, Micros now)
{
    return std::max(0.0, now - count.begin);
}

// From the beginning of a window until `room` is all that is left of what was
// used in the one before. A microsecond for what division loses.
Micros fades_to(const Window &window, double used, double room)
{
    return used <= room
               ? 0
               : std::ceil(window.width - room * window.width / used) + 1;
}

} // namespace

WindowCount roll(const Window &window, const WindowCount &count, Micros now)
{
    const Micros begin = now - std::fmod(now, window.width);
    if (count.begin == begin || count.begin == begin + window.width) {
        return count;
    }
    const bool follows = count.begin == begin - window.width;
    return {begin, 0, follows ? count.used : 0};
}

std::uint64_t remaining(const Window &window, const WindowCount &count,
                        Micros now)
{
    const double before = std::ceil(
        count.before * (window.width - elapsed(count, now)) / window.width);
    return static_cast<std::uint64_t>(
        std::max(0.0, window.units - count.used - before));
}

std::optional<Micros> wait_for(const Window &window, const WindowCount &count,
                               Micros now, std::uint64_t units)
{
    const auto wanted = static_cast<double>(units);
    if (wanted > window.units) {
        return std::nullopt;
    }
    if (units <= remaining(window, count, now)) {
        return 0;
    }
    const double room = window.units - count.used - wanted;
    if (room >= 0) {
        return fades_to(window, count.before, room) - elapsed(count, now);
    }
    return window.width - elapsed(count, now) +
           fades_to(window, count.used, window.units - wanted);
}

} // namespace edge::limit
