// The limits of a request without Redis: what the script does (redis/
// limit_script.h), on what this instance knows, in shared memory.
//
// Of a shared limit an instance alone has its share: of what Redis said was
// left and what it has charged itself since. So an outage begins with the
// levels as they were.
#pragma once

#include <cstdint>
#include <span>

#include "base/hash.h"
#include "limit/meter.h"
#include "redis/limit_script.h"
#include "shm/buckets.h"

namespace edge::limit {

struct LocalLimit
{
    shm::Buckets zone;
    Hash128 key;
    Meter meter;                 // whole
    std::uint64_t instances = 1; // that it is divided among
    std::int64_t cost = 1;       // or redis::kLook
    bool dry_run = false;
};

struct Clocks
{
    Micros steady = 0; // never goes back
    Micros wall = 0;   // since 1970: only says in which calendar period
};

// At most kMaxLimits, no key of a zone twice; the caller holds the locks of
// all zones (taken in the order of their addresses). States are those of the
// shares.
redis::LimitAnswer decide_locally(std::span<const LocalLimit> limits,
                                  const Clocks &now);

// Charges what has been admitted, whatever is left. At most a full bucket.
void charge_locally(const LocalLimit &limit, double units, const Clocks &now);

// Remembers what a reply of Redis told.
void note_state(const LocalLimit &limit, const State &state, const Clocks &now);

} // namespace edge::limit
