#include "cache/freshness.h"

#include <algorithm>

#include "http/freshness.h"

namespace edge::cache {

Millis current_age(const EntryTimes &times, WallTime now)
{
    const Millis resident = std::max(now - times.response, Millis(0));
    return resident + http::initial_age(times.request, times.response,
                                        times.date, times.age);
}

Millis remaining_lifetime(const EntryTimes &times, WallTime now)
{
    return times.lifetime - current_age(times, now);
}

void shorten(Entry &entry, Millis time, WallTime now)
{
    entry.times.lifetime = std::min(entry.times.lifetime,
                                    current_age(entry.times, now) + time);
    entry.must_revalidate = true;
}

} // namespace edge::cache
