// Fetching a popular object again shortly before it expires (Vattani,
// Chierichetti and Lowenstein, "Optimal Probabilistic Cache Stampede
// Prevention", 2015), and lifetimes that do not all end at once.
#pragma once

#include <cstdint>

#include "base/time.h"
#include "cache/entry.h"

namespace edge::cache {

// Whether one of its hits should fetch it: the sooner it expires and the longer
// the last fetch took, the likelier. `factor`: edge_cache_early_refresh, how
// many fetches ahead on average; `random`: uniform.
bool is_refresh_due(const EntryTimes &times, Millis age, std::uint32_t factor,
                    std::uint64_t random);

// `lifetime` without a random part of up to `percent` of it.
Millis shortened(Millis lifetime, std::uint32_t percent, std::uint64_t random);

} // namespace edge::cache
