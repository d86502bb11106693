// What a location's directives say about caching, as plain values. Built once
// at configuration time; docs/directives.md is the user's side of it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/time.h"

namespace edge::cache {

// edge_cache_authorization (RFC 9111 3.5). `tenant`: whether there was a
// credential is part of the key; `key`: a hash of the credential is.
enum class Authorization : std::uint8_t { refuse, key, tenant };

// edge_cache_cookies. `explicit_`: with a Cookie only what the origin itself
// made shared; `key`: the named cookies' values are part of the key.
enum class Cookies : std::uint8_t { explicit_, bypass, ignore, key };

// edge_cache_set_cookie
enum class SetCookie : std::uint8_t { refuse, strip, store };

// edge_cache_ignore_headers, as bits.
enum IgnoredField : std::uint32_t {
    kIgnoreCacheControl = 1,
    kIgnoreExpires = 2,
    kIgnoreAccelExpires = 4,
    kIgnoreSetCookie = 8,
    kIgnoreVary = 16,
    kIgnoreEdgeCacheControl = 32,
    kIgnoreCdnCacheControl = 64,
    kIgnoreDate = 128,
    kIgnoreSurrogateKey = 256,
    kIgnoreXkey = 512,
    kIgnoreCacheTag = 1024,
    kIgnoreCacheGroups = 2048,
    kIgnoreCacheGroupInvalidation = 4096,
};

// edge_cache_methods, as bits. GET answers HEAD as well.
enum CachedMethod : std::uint32_t {
    kMethodGet = 1,
    kMethodHead = 2,
    kMethodPost = 4,
    kMethodQuery = 8,
};

// One line of edge_cache_valid; status 0 is `any`.
struct ValidRule
{
    std::uint16_t status = 0;
    Millis lifetime{0};
};

// edge_cache_use_stale, as bits: what has kept the origin from answering.
enum StaleCause : std::uint32_t {
    kStaleUpdating = 1, // another request is asking it
    kStaleError = 2,    // no connection, or no answer that is HTTP
    kStaleTimeout = 4,
    kStale500 = 8,
    kStale502 = 16,
    kStale503 = 32,
    kStale504 = 64,
    kStale403 = 128,
    kStale404 = 256,
    kStale429 = 512,
};

// Those that stale-if-error is about (RFC 5861 4).
inline constexpr std::uint32_t kOriginFails = kStaleError | kStaleTimeout |
                                              kStale500 | kStale502 |
                                              kStale503 | kStale504;

// One line of edge_cache_use_stale: for how long after the lifetime.
struct StaleRule
{
    std::uint32_t causes = 0;
    Millis time{0};
};

struct Policy
{
    Authorization authorization = Authorization::refuse;
    Cookies cookies = Cookies::explicit_;
    SetCookie set_cookie = SetCookie::refuse;
    bool close_delimited = false;
    bool client_control = false;
    bool body_key = false;
    std::uint32_t ignored_fields = 0;
    // edge_cache_drop_headers
    std::span<const std::string_view> dropped_fields;
    std::uint32_t methods = kMethodGet | kMethodHead;
    std::uint64_t max_size = 1024 * 1024;
    std::span<const ValidRule> valid;
    bool revalidate = true;
    // edge_cache_use_stale off: nothing is ever sent stale.
    bool use_stale = true;
    std::span<const StaleRule> stale;
    // edge_cache_stale_s_maxage allow
    bool stale_s_maxage = false;
    // edge_cache_heuristic: the part of the time since Last-Modified that is
    // the lifetime of an answer that names none; 0: none is made up.
    std::uint32_t heuristic_percent = 0;
    Millis heuristic_max{0};

    bool ignores(IgnoredField field) const
    {
        return (ignored_fields & field) != 0;
    }
};

} // namespace edge::cache
