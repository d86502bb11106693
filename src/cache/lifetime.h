// For how long a response is fresh: the origin's word, or the location's
// (RFC 9111 4.2.1).
#pragma once

#include <optional>

#include "base/time.h"
#include "cache/caching_fields.h"
#include "cache/policy.h"
#include "cache/response_facts.h"

namespace edge::cache {

struct Lifetime
{
    Millis value;
    bool from_origin;
};

// X-Accel-Expires, then no-cache, then Cache-Control, then Expires, then
// edge_cache_valid, then heuristics. The location's own rules never stand above
// what the origin says. X-Accel-Expires and edge_cache_valid count from
// reception; the age stays the true one. nullopt: there is none.
std::optional<Lifetime> lifetime_of(const ResponseFacts &response,
                                    const CachingFields &said,
                                    const Policy &policy, Millis initial_age);

} // namespace edge::cache
