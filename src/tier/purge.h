// A purge of one zone, and who has applied it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"
#include "invalidate/generation.h"
#include "invalidate/record.h"
#include "ngx/task.h"
#include "tier/zone.h"

namespace edge::tier {

struct PurgeOrder
{
    // Gets a request id of its own.
    invalidate::Purge purge;
    // How long the answer may wait for other instances.
    Millis wait{0};
};

struct MissingInstance
{
    std::string name;
    // When it can no longer serve what is purged; nullopt: not known.
    std::optional<WallTime> safe_at;
};

struct PurgeOutcome
{
    invalidate::Generation generation;
    std::uint64_t applied = 0;
    std::uint64_t live = 0;
    // The zone has no other instances to reach.
    bool is_local = false;
    // The log has it; otherwise it holds on this instance alone.
    bool is_logged = false;
    // Fewer replicas than wait= have it.
    bool lacks_replicas = false;
    // Nobody, on any instance, sees the old object again.
    bool confirmed = false;
    std::vector<MissingInstance> missing;
};

// Ends at the latest after order.wait and one answer of Redis.
ngx::Task purge(ngx::Flow &flow, Zone &zone, const PurgeOrder &order,
                PurgeOutcome &outcome);

} // namespace edge::tier
