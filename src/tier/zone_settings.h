// What the directives say of a cache zone.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/time.h"
#include "client/config.h"
#include "shm/segments.h"

namespace edge::tier {

struct ZoneSettings
{
    std::string_view name;
    // 0: used, but not yet made by edge_cache_zone.
    std::uint64_t size = 0;
    // Purged names that are remembered; 0: as many as an eighth of the zone
    // holds, up to kSelectors.
    std::uint32_t selectors = 0;
    // Some location that uses it has edge_cache_tenant.
    bool has_tenants = false;
    // The tenants' only where there are any.
    shm::Shares shares{.negative = 5, .tenant = 50};
    // As written; empty without redis=.
    std::string_view redis_name;
    // Null: memory is the only tier, and the zone is its own log.
    const client::RedisConfig *redis = nullptr;
    // Of the parameters that say how the zone keeps in step with others, the
    // last one that was written.
    std::string_view shared_parameter;
    // Nothing is served unless the log has answered within the lease.
    bool strict = false;
    // For how long after a question to the log its answer counts as current.
    Millis lease{2000};
    // How long the zone serves without the log before it trusts nothing.
    Millis isolation{3600 * 1000};
    // Replicas of Redis that must have the log, for a lease and for a purge
    // that is confirmed; 0: none.
    std::uint32_t wait = 0;
};

} // namespace edge::tier
