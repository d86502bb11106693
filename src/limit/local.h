// The limits of a request without Redis: what the script does (redis/
// limit_script.h), on what this instance knows, in shared memory.
//
// Of a shared limit an instance alone has its share: of what Redis said was
// left and what it has charged itself since. So an outage begins with the
// levels as they were.
#pragma once

#include <cstdint>
#include <optional>
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

// At most kMaxLimits, no key of a zone twice; the caller holds the locks of
// all zones (taken in the order of their addresses). States are those of the
// shares.
redis::LimitAnswer decide_locally(std::span<const LocalLimit> limits,
                                  const Clocks &now);

// Charges what has been admitted, whatever is left. At most a full bucket.
void charge_locally(const LocalLimit &limit, double units, const Clocks &now);

// Remembers what a reply of Redis told that was asked for at `asked`. What was
// charged here stays until it is taken. When Redis refused the cost, it is not
// asked again for kHold: a bucket that holds more than comes in that time
// loses nothing by it.
inline constexpr Micros kHold = 10'000;
void note_state(const LocalLimit &limit, const State &state, bool denied,
                const Clocks &asked);

// What is known of limits that need no decision: all are granted.
redis::LimitAnswer recall(std::span<const LocalLimit> limits,
                          const Clocks &now);

// The refusal, if Redis would refuse the costs still by what it told last: a
// bucket only empties with time, and a quota with its period. Windows say
// nothing. Nullopt: ask; at the latest kTrust after it was told, as the key may
// have been reset.
inline constexpr Micros kTrust = 250'000;
std::optional<redis::LimitAnswer>
refuse_as_told(std::span<const LocalLimit> limits, const Clocks &now);

// Units that were charged here while Redis was away and are to be charged
// there. They count here as well until note_state(): if Redis does not answer,
// nothing is admitted twice.
std::int64_t take_charges(const LocalLimit &limit, const Clocks &now);

// Nothing is known of the key any more.
void forget(const LocalLimit &limit, const Clocks &now);

} // namespace edge::limit
