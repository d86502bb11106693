// A sliding window: at most so many units in a length of time, no burst on
// top. Two counters stand for all that came: those of the window before fade
// as the present one, which is as long, passes. So in the present window and
// as much of the one before as it is short of, at most `units` are admitted if
// they came evenly; in the worst case, all of them at the end of the one
// before, twice as many.
#pragma once

#include <cstdint>
#include <optional>

#include "limit/rate.h"

namespace edge::limit {

struct Window
{
    double units = 1;
    Micros width = 1'000'000;

    friend bool operator==(const Window &, const Window &) = default;
};

// What a key has used. All zero for a new one.
struct WindowCount
{
    Micros begin = 0;
    double used = 0;
    double before = 0;

    friend bool operator==(const WindowCount &, const WindowCount &) = default;
};

// The same at another time: windows begin at multiples of their length. A
// count that begins one window too late stays (the clock went back).
WindowCount roll(const Window &window, const WindowCount &count, Micros now);

// The rest is about a count that was rolled to `now`.

// Whole units that can be had at once.
std::uint64_t remaining(const Window &window, const WindowCount &count,
                        Micros now);

// How long until `units` can be had at once, 0: now; nullopt: never. Nothing
// else comes in between.
std::optional<Micros> wait_for(const Window &window, const WindowCount &count,
                               Micros now, std::uint64_t units);

} // namespace edge::limit
