// A stored response's age and what is left of its lifetime. The same figures
// on every instance and in both tiers: they come from the entry and the wall
// clock alone.
#pragma once

#include <optional>

#include "base/time.h"
#include "cache/entry.h"

namespace edge::cache {

// RFC 9111 4.2.3. Never negative, also when a clock was set back.
Millis current_age(const EntryTimes &times, WallTime now);

// Received later than now: by a clock that is ahead of this one by more than
// clocks that are kept in time are, or before this one was set back. Its age
// cannot be told, so it is not fresh.
bool is_ahead(const EntryTimes &times, WallTime now);

// Fresh while above 0 (RFC 9111 4.2), stale since as long as it is below.
Millis remaining_lifetime(const EntryTimes &times, WallTime now);

// What clients are told: max-age, else Expires - Date; nullopt: neither.
std::optional<Millis> told_lifetime(const Entry &entry);

// Fresh for at most `time` from `now` on, and never sent stale.
void shorten(Entry &entry, Millis time, WallTime now);

} // namespace edge::cache
