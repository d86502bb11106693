#include "cache/reason.h"

#include <array>

namespace edge::cache {

namespace {

constexpr std::array<std::string_view, kReasons> kNames = {
    "",
    "method",
    "request_body",
    "method_override",
    "tenant_missing",
    "tenant_invalid",
    "tenant_repeated",
    "host_invalid",
    "uri_invalid",
    "key_too_long",
    "credentials",
    "cookies",
    "upgrade",
    "precondition",
    "subrequest",
    "bypass_directive",
    "no_store_directive",
    "request_no_store",
    "only_if_cached",
    "client_control",
    "min_uses",
    "shadow",
    "shadow_partial",
    "status",
    "accel_expires",
    "response_no_store",
    "response_private",
    "response_no_cache",
    "set_cookie",
    "vary_star",
    "vary_limit",
    "vary_rewritten",
    "unusual_request",
    "no_freshness",
    "expired_on_arrival",
    "partial_content",
    "close_delimited",
    "truncated",
    "too_large",
    "header_invalid",
    "header_too_large",
    "tag_limit",
    "stream",
    "error_page",
    "head_request",
    "fill_memory",
    "lock_timeout",
    "lock_waits",
    "fetch_limit",
    "zone_full",
    "newer_stored",
    "purged",
    "soft_purged",
    "log_behind",
    "refresh_identity",
    "warm_tenant",
    "not_cached",
    "entry_corrupt",
    "entry_forged",
    "entry_version",
    "entry_mismatch",
    "validator_mismatch",
    "redis_down",
    "redis_timeout",
    "redis_error",
    "internal_error",
};

static_assert(!kNames.back().empty(), "every reason has a word");

} // namespace

std::string_view name(Reason reason)
{
    return kNames[static_cast<std::size_t>(reason)];
}

} // namespace edge::cache
