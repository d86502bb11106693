// What a client is told about its limits: RateLimit-Policy and RateLimit
// (draft-ietf-httpapi-ratelimit-headers-10, structured fields of RFC 9651),
// the older X-RateLimit-*, Retry-After (RFC 9110 10.2.3), and the body of a
// refusal (RFC 9457). Seconds are rounded up: nobody is sent back too early.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "limit/gcra.h"

namespace edge::limit {

// One limit after the decision. Limits in dry run are nobody's business: leave
// them out.
struct Standing
{
    std::string_view policy; // its name: the zone
    Rate rate;               // as configured, also while Redis is away
    std::uint64_t burst = 1;
    Bucket bucket; // by which was decided, with the level in it
    Micros level = 0;
    std::uint64_t cost = 1;
    bool denied = false;
};

// Never empty, so that the fields are not either.
using Standings = std::span<const Standing>;

// RateLimit-Policy: "users";q=20;w=2
// q is the whole number of periods of the rate that holds the burst: 20 in 2
// seconds for 10r/s and a burst of 12. So r never exceeds q.
std::string rate_limit_policy(Standings standings);

// RateLimit: "users";r=0;t=1
// t is the time until there is one unit more. It is left out when there is
// nothing to wait for, and after a refusal for limits that did not refuse:
// Retry-After must not be earlier than any t.
std::string rate_limit(Standings standings);

struct LegacyFields
{
    std::uint64_t limit = 0;     // X-RateLimit-Limit
    std::uint64_t remaining = 0; // X-RateLimit-Remaining
    std::uint64_t reset = 0;     // X-RateLimit-Reset, seconds from now
};

// Of one limit, as these fields know no more: of those that refused, or else
// of all, the one with the least left.
LegacyFields legacy_fields(Standings standings);

// Retry-After of a refusal, in seconds, at least 1: when all that refused will
// have room for the cost. nullopt: never, send none.
std::optional<std::uint64_t> retry_after(Standings standings);

inline constexpr std::string_view kProblemType = "application/problem+json";

// Body of a refusal, with the names of the limits that refused.
std::string quota_problem(Standings standings, unsigned status);

// Body for requests refused because Redis is away (fallback `closed`).
std::string capacity_problem(std::uint64_t retry_after, unsigned status);

} // namespace edge::limit
