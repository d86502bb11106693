#include "cache/staleness.h"

#include <algorithm>

#include "cache/freshness.h"
#include "cache/revalidation.h"
#include "http/cache_control.h"

namespace edge::cache {

namespace {

// A 304 is worth so much memory.
constexpr Millis kKeepToValidate{3600 * 1000};

bool is_forbidden(const Entry &entry, const Policy &policy)
{
    return !policy.use_stale || entry.must_revalidate ||
           (entry.s_maxage && !policy.stale_s_maxage);
}

// Where it cannot be told how old it is, it is not.
bool is_within(Millis staleness, const Entry &entry, WallTime now)
{
    return !is_ahead(entry.times, now) &&
           -remaining_lifetime(entry.times, now) <= staleness;
}

// By what the origin says and what the location adds.
Millis window(const Entry &entry, std::uint32_t causes, const Policy &policy)
{
    Millis longest{0};
    if (causes & kStaleUpdating) {
        longest = entry.times.stale_while_revalidate;
    }
    if (causes & kOriginFails) {
        longest = std::max(longest, entry.times.stale_if_error);
    }
    for (const StaleRule &rule : policy.stale) {
        if (rule.causes & causes) {
            longest = std::max(longest, rule.time);
        }
    }
    return is_forbidden(entry, policy) ? Millis(0) : longest;
}

} // namespace

bool may_be_stale(const Entry &entry, StaleCause cause, const Policy &policy,
                  WallTime now)
{
    const Millis allowed = window(entry, cause, policy);
    return allowed > Millis(0) && is_within(allowed, entry, now);
}

bool is_stale_welcome(const Entry &entry, const RequestControl &control,
                      const Policy &policy, WallTime now)
{
    const Seconds oldest = control.max_age.value_or(http::kMaxDeltaSeconds);
    return policy.client_control && control.max_stale && !control.no_cache &&
           !control.min_fresh && !is_forbidden(entry, policy) &&
           current_age(entry.times, now) <= oldest + *control.max_stale &&
           is_within(*control.max_stale, entry, now);
}

bool is_stale_accepted(const Entry &entry, StaleCause cause,
                       const RequestControl &control, const Policy &policy,
                       WallTime now)
{
    return policy.client_control && control.stale_if_error &&
           (cause & kOriginFails) != 0 && !is_forbidden(entry, policy) &&
           is_within(*control.stale_if_error, entry, now);
}

Millis longest_staleness(const Entry &entry, const Policy &policy)
{
    return window(entry, ~std::uint32_t{0}, policy);
}

// What variants differ by is needed as long as any of them.
Millis keep_time(const Entry &entry, const Policy &policy)
{
    const Millis stale = longest_staleness(entry, policy);
    const bool is_asked_about =
        policy.revalidate &&
        (entry.kind == EntryKind::vary || !condition(entry).empty());
    return is_asked_about ? std::max(stale, kKeepToValidate) : stale;
}

} // namespace edge::cache
