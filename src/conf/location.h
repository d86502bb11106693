// What the directives of one location say. Read-only once the configuration
// has been read.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "cache/compression.h"
#include "cache/policy.h"
#include "cache/query_rules.h"
#include "cache/vary_key.h"
#include "conf/limit.h"
#include "ngx/nginx.h"
#include "ngx/value.h"

namespace edge::tier {
class Zone;
}

namespace edge::conf {

struct Api;

// A setting that is inherited from the level above unless it was written on
// this one (`set`).
template <typename T> struct Setting
{
    T value{};
    bool set = false;

    void operator=(T written)
    {
        value = std::move(written);
        set = true;
    }
    void inherit(const Setting &from)
    {
        if (!set) {
            value = from.value;
        }
    }
};

// edge_cache_heuristic; 0 percent: off.
struct Heuristic
{
    std::uint32_t percent = 0;
    Millis max = std::chrono::hours(24);
};

// edge_cache_status_header (RFC 9211); `key`: with the key in it.
enum class StatusHeader : std::uint8_t { off, on, key };

// edge_cache_fetch_limit; `limit` 0: off.
struct FetchLimit
{
    std::uint32_t limit = 0;
    std::string_view upstream = "default";
    // In Main's list.
    std::size_t group = 0;
    // What gets no turn in time is refused.
    bool refuses = false;
};

// edge_cache_use_stale; without rules: what the origin allows.
struct UseStale
{
    bool is_off = false;
    std::vector<cache::StaleRule> rules;
};

// Who hears of an unsafe method that succeeded.
enum class Invalidate
{
    fleet,
    instance,
    off
};

struct Location
{
    // Null: edge_cache off.
    Setting<tier::Zone *> zone;
    // Of `zone`: what it would do is only counted.
    Setting<bool> shadow;
    Setting<ngx::Value *> tenant;
    Setting<ngx::Value *> host;
    Setting<ngx::Value *> key;
    Setting<cache::QueryRules> query;
    Setting<std::vector<cache::ValidRule>> valid;
    Setting<Heuristic> heuristic;
    Setting<std::uint32_t> ignored_fields;
    // Names of fields that are sent with the answer they came with alone.
    Setting<std::vector<std::string_view>> dropped_fields;
    Setting<std::uint32_t> methods{cache::kMethodGet | cache::kMethodHead};
    Setting<std::vector<cache::VaryRule>> vary;
    Setting<std::vector<ngx::Value *>> tags;
    Setting<bool> show_tags;
    Setting<cache::Authorization> authorization;
    Setting<cache::Cookies> cookies;
    Setting<std::vector<std::string_view>> cookie_names;
    Setting<cache::SetCookie> set_cookie;
    Setting<std::vector<ngx::Value *>> bypass;
    Setting<std::vector<ngx::Value *>> no_store;
    Setting<Invalidate> invalidate;
    // edge_cache_settle; 0: off.
    Setting<Millis> settle;
    Setting<ngx::Value *> purge;
    Setting<bool> close_delimited;
    Setting<bool> client_control;
    Setting<bool> body_key;
    // Bytes up to which a fill goes on when its client leaves; 0: while others
    // wait, nullopt: never.
    Setting<std::optional<std::uint64_t>> ignore_client_abort{64 * 1024};
    // How many fetches ahead of its expiry an object is fetched again; 0: off.
    Setting<std::uint32_t> early_refresh;
    // The most that is taken off a lifetime.
    Setting<std::uint32_t> ttl_jitter_percent;
    Setting<cache::Compression> compression;
    Setting<FetchLimit> fetch_limit;
    Setting<bool> revalidate{true};
    Setting<UseStale> use_stale;
    Setting<bool> stale_s_maxage;
    Setting<bool> background_update{true};
    Setting<bool> lock{true};
    Setting<Millis> lock_timeout{Millis(10'000)};
    Setting<Millis> lock_age{Millis(5'000)};
    Setting<std::uint64_t> max_size{1024 * 1024};
    Setting<unsigned> min_uses{1};
    Setting<StatusHeader> status_header;
    // edge_cache_age_header
    Setting<bool> age_header{true};
    Setting<std::string_view> label;

    Setting<std::vector<LimitUse>> limits;
    Setting<ngx_uint_t> limit_status{NGX_HTTP_TOO_MANY_REQUESTS};
    // The standard's: X-RateLimit-Reset means one thing here, another there.
    Setting<LimitHeaders> limit_headers;
    Setting<LimitBody> limit_body;
    Setting<LimitFallback> limit_fallback;
    Setting<bool> limit_dry_run;
    Setting<ngx_uint_t> limit_log_level{NGX_LOG_ERR};

    // A content handler, so never inherited.
    Api *api = nullptr;

    // What holds for the checks that auth_request makes here (conf/auth_check).
    // Null: they are not cached, as edge_cache was not written in this very
    // location.
    Location *auth_check = nullptr;
    // This is it: what is stored stays in this server's memory.
    bool is_auth_check = false;

    // Made of the above when the level is merged.
    cache::Policy policy;
    std::uint64_t fingerprint = 0;
    // Of this process: what would never be stored is said once.
    bool has_warned = false;
    // Index of the label in the metrics.
    std::size_t label_index = 0;
};

void *create_location(ngx_conf_t *cf);
char *merge_location(ngx_conf_t *cf, void *parent, void *child);

inline Location &location(ngx_http_request_t *r)
{
    return *static_cast<Location *>(
        ngx_http_get_module_loc_conf(r, ngx_http_edge_cache_module));
}

} // namespace edge::conf
