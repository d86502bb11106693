// X-Accel-Expires: nginx's own field, the origin's word to this proxy alone.
#pragma once

#include <optional>

#include "base/time.h"
#include "http/field.h"

namespace edge::cache {

struct AccelExpires
{
    // 0: not to be stored.
    bool refuses = false;
    // From `received` on; 0 when "@time" lies in the past.
    std::optional<Millis> remaining;
};

// Seconds, or "@" and seconds since the epoch. As in nginx, a value that is
// neither is no value.
AccelExpires parse_accel_expires(http::Fields response, WallTime received);

} // namespace edge::cache
