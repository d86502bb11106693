// The limits of a request without Redis: what the script does (redis/
// limit_script.h), on the buckets in shared memory.
#pragma once

#include <cstdint>
#include <span>

#include "base/hash.h"
#include "limit/gcra.h"
#include "redis/limit_script.h"
#include "shm/buckets.h"

namespace edge::limit {

struct LocalLimit
{
    shm::Buckets zone;
    Hash128 key;
    Bucket bucket; // this instance's share()
    std::uint64_t cost = 1;
    bool dry_run = false;
};

// At most kMaxLimits, no key of a zone twice; the caller holds the locks of
// all zones (taken in the order of their addresses). `now` never goes back.
redis::LimitAnswer decide_locally(std::span<const LocalLimit> limits,
                                  Micros now);

// Remembers the level a reply of Redis told, so that an outage begins with the
// buckets as full as they were. `bucket` is the one decide_locally() gets.
void note_level(shm::Buckets zone, const Hash128 &key, const Bucket &bucket,
                Micros level, Micros now);

} // namespace edge::limit
