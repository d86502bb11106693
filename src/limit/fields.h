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

#include "limit/meter.h"

namespace edge::limit {

// What is allowed in how long.
struct Policy
{
    std::uint64_t units = 1;
    std::uint64_t seconds = 1;

    friend bool operator==(const Policy &, const Policy &) = default;
};

// Of a rate with a burst: in the whole number of its periods that holds the
// burst: 20 in 2 seconds for 10r/s and a burst of 12. So r never exceeds q.
// Of a quota: in the period that `now` lies in.
Policy policy_of(const Figures &figures, Micros now);

// One limit after the decision. Limits in dry run are nobody's business: leave
// them out.
struct Standing
{
    std::string_view policy; // its name: the zone
    Policy allows;           // as configured, also while Redis is away
    Meter meter;             // by which was decided
    State state;             // afterwards
    std::uint64_t cost = 1;
    bool denied = false;
};

// Never empty, so that the fields are not either.
using Standings = std::span<const Standing>;

// RateLimit-Policy: "users";q=20;w=2
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

// Body of a refusal, with the names of the limits that refused; `retry_after`
// is what the field says.
std::string quota_problem(Standings standings, unsigned status,
                          std::optional<std::uint64_t> retry_after);

// Body for requests refused because Redis is away (fallback `closed`).
std::string capacity_problem(std::uint64_t retry_after, unsigned status);

} // namespace edge::limit
