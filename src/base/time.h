// Points in time and durations. Everything that is stored or compared is in
// milliseconds; HTTP's whole seconds are converted at the edges.
#pragma once

#include <chrono>
#include <cstdint>

namespace edge {

using Millis = std::chrono::milliseconds;
using Seconds = std::chrono::seconds;

// Wall clock, for what leaves the machine: Date, Age, Expires.
using WallTime = std::chrono::sys_time<Millis>;

// CLOCK_BOOTTIME, for durations on this machine: leases, holds, buckets.
struct BootClock
{
    using rep = std::int64_t;
    using period = std::milli;
    using duration = Millis;
    using time_point = std::chrono::time_point<BootClock, Millis>;
    static constexpr bool is_steady = true;
};
using BootTime = BootClock::time_point;

} // namespace edge
