// What one answer that was not stored says of the next ones.
#pragma once

#include <cstdint>

#include "base/time.h"
#include "cache/reason.h"

namespace edge::cache {

// Where the answer is not to be shared.
inline constexpr Millis kHitForMiss{10'000};

// How long requests for the same do not wait for one another's answer, after
// one of `status` was not stored for `reason`. Long where the answer is not to
// be shared, short where something failed, 0 where it was about that one
// request.
Millis hit_for_miss_time(Reason reason, std::uint16_t status);

// It was refused for this server's own sake, or its configuration's: another
// server may have stored one.
bool may_be_in_redis(Reason reason);

} // namespace edge::cache
