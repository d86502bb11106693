// The values of $edge_limit_status and $edge_limit_source.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace edge::limit {

enum class Status : std::uint8_t
{
    passed,
    rejected,
    stale,            // would have been, were there nothing stale to send
    rejected_dry_run, // would have been, were it not for dry_run
    exempt,           // none of the limits applied: empty key, or if=
    unlimited,        // no decision: Redis is away and the fallback `open`
};
inline constexpr std::size_t kStatuses = 6;

// Who decided.
enum class Source : std::uint8_t
{
    redis,
    lease,        // units charged in Redis before
    denied_cache, // what Redis told last: it refuses still
    local,        // the buckets in memory
    open,         // nobody, as configured
    closed        // nobody, as configured
};
inline constexpr std::size_t kSources = 6;

// Upper case, as in PASSED.
std::string_view name(Status status);

// Lower case.
std::string_view name(Source source);

// Of an answer's `denied` and the limits that are in dry run; bit i is
// limit i in both.
Status status_of(std::uint32_t denied, std::uint32_t dry_run);

} // namespace edge::limit
