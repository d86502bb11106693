// How well a zone is in step with its log, for people.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/time.h"
#include "invalidate/generation.h"

namespace edge::tier {

struct Coherence
{
    invalidate::Position applied;
    bool is_current = false;
    // Stored objects are used, as the mode of the zone allows it now.
    bool is_serving = false;
    // Since when the log is known to have been read to its end; the zone's
    // whole life when it never was.
    Millis lag{0};
    std::uint64_t live = 0;
    std::size_t selectors = 0;
    std::uint64_t selectors_dropped = 0;
    std::size_t tag_sets = 0;
    std::uint64_t tag_sets_dropped = 0;
    std::size_t local_purges = 0;
    // That have the log, with settings.wait.
    std::uint64_t replicas = 0;
};

} // namespace edge::tier
