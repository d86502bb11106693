// The two clocks of base/time.h.
#pragma once

#include <cstdint>
#include <ctime>

#include "base/time.h"
#include "ngx/nginx.h"

namespace edge::ngx {

// The event loop's cached wall clock: right to within one turn of the loop.
inline WallTime wall_now()
{
    const ngx_time_t *now = ngx_timeofday();
    return WallTime(Millis(static_cast<std::int64_t>(now->sec) * 1000 +
                           static_cast<std::int64_t>(now->msec)));
}

// The same in microseconds since 1970, as a double (limit/rate.h).
inline double wall_micros()
{
    return 1000.0 *
           static_cast<double>(wall_now().time_since_epoch().count());
}

// Read afresh at every call: a paused worker must notice. Suspended time
// counts (protocol: leases and holds).
inline BootTime boot_now()
{
    timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return BootTime(Millis(static_cast<std::int64_t>(now.tv_sec) * 1000 +
                           now.tv_nsec / 1000000));
}

// CLOCK_MONOTONIC in microseconds, for latencies.
inline std::int64_t monotonic_micros()
{
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::int64_t>(now.tv_sec) * 1000000 +
           now.tv_nsec / 1000;
}

} // namespace edge::ngx
