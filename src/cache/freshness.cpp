#include "cache/freshness.h"

#include <algorithm>
#include <vector>

#include "http/cache_control.h"
#include "http/freshness.h"

namespace edge::cache {

Millis current_age(const EntryTimes &times, WallTime now)
{
    const Millis resident = std::max(now - times.response, Millis(0));
    return resident + http::initial_age(times.request, times.response,
                                        times.date, times.age);
}

bool is_ahead(const EntryTimes &times, WallTime now)
{
    constexpr Millis tolerance{1000};
    return times.response > now + tolerance;
}

Millis remaining_lifetime(const EntryTimes &times, WallTime now)
{
    return is_ahead(times, now) ? Millis(0)
                                : times.lifetime - current_age(times, now);
}

std::optional<Millis> told_lifetime(const Entry &entry)
{
    std::vector<http::Field> fields;
    StringList list = entry.fields;
    while (const auto field = next_field(list)) {
        fields.push_back(*field);
    }
    if (const auto max_age = http::parse_cache_control(fields).max_age) {
        return *max_age;
    }
    return http::expires_lifetime(fields, entry.times.response);
}

void shorten(Entry &entry, Millis time, WallTime now)
{
    entry.times.lifetime = std::min(entry.times.lifetime,
                                    current_age(entry.times, now) + time);
    entry.must_revalidate = true;
}

} // namespace edge::cache
