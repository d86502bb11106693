// Why a request was not answered from the cache, or its answer not stored.
// Every one reaches $edge_cache_reason and the metrics; docs/reasons.md
// explains them one by one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace edge::cache {

enum class Reason : std::uint8_t {
    none,

    // The request is passed on without a lookup, and its answer not stored.
    method,
    request_body,
    method_override,
    tenant_missing,
    tenant_invalid,
    tenant_repeated,
    host_invalid,
    uri_invalid,
    key_too_long,
    credentials,
    cookies,
    upgrade,
    precondition,
    subrequest,

    // The location's own word.
    bypass_directive,
    no_store_directive,
    request_no_store,
    only_if_cached,
    client_control,
    min_uses,
    shadow,
    shadow_partial,

    // The answer is not stored.
    status,
    accel_expires,
    response_no_store,
    response_private,
    response_no_cache,
    set_cookie,
    vary_star,
    vary_limit,
    vary_rewritten,
    unusual_request,
    no_freshness,
    expired_on_arrival,
    partial_content,
    close_delimited,
    truncated,
    too_large,
    header_invalid,
    header_too_large,
    tag_limit,
    stream,
    error_page,
    head_request,

    // The tiers' own limits.
    fill_memory,
    lock_timeout,
    lock_waits,
    fetch_limit,
    zone_full,
    newer_stored,
    purged,
    soft_purged,
    log_behind,
    refresh_identity,
    warm_tenant,
    not_cached,

    // A stored object was found and could not be used.
    entry_corrupt,
    entry_forged,
    entry_version,
    entry_mismatch,
    validator_mismatch,

    // The shared tier.
    redis_down,
    redis_timeout,
    redis_error,

    internal_error,

    count_
};

inline constexpr auto kReasons = static_cast<std::size_t>(Reason::count_);

// The word in variables and metrics: lower case with underscores.
std::string_view name(Reason reason);

} // namespace edge::cache
