// The limits of one main request: which apply, and what was decided.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "conf/location.h"
#include "limit/fields.h"
#include "limit/status.h"
#include "ngx/nginx.h"
#include "redis/limit_script.h"
#include "tier/limit_zone.h"

namespace edge::flow {

// One limit that applies, with its variables evaluated.
struct AppliedLimit
{
    tier::LimitZone *zone = nullptr;
    std::string_view value; // of the key, never empty
    std::string_view tag;   // may be
    Hash128 hash;           // of the value
    limit::Meter meter;
    limit::Policy policy;
    std::uint64_t instances = 1; // that share it when each is alone
    std::uint64_t cost = 1;
    bool dry_run = false;
};

// In the request's pool from its first station with limits on. Redirects
// inside nginx neither count again nor change whose rules apply.
struct LimitCheck
{
    explicit LimitCheck(conf::Location &location) : lcf(location) {}

    conf::Location &lcf;
    std::vector<AppliedLimit> limits;

    limit::Status status = limit::Status::exempt;
    std::optional<limit::Source> source; // none: not decided (yet)
    redis::LimitAnswer answer;           // of `redis` and `local`
    bool answered = false;               // the refusal is on its way

    bool decided_by_figures() const
    {
        return source == limit::Source::redis || source == limit::Source::local;
    }
    bool refused() const { return status == limit::Status::rejected; }
    bool denied(std::size_t i) const { return answer.denied >> i & 1; }
    // By which was decided.
    limit::Meter judge(std::size_t i) const
    {
        return source == limit::Source::redis
                   ? limits[i].meter
                   : share(limits[i].meter, limits[i].instances);
    }
    // The limit that refused or would have, or else the one with the least
    // left; nullopt without any limit.
    std::optional<std::size_t> tightest() const;
    // For limit/fields.h: all but those in dry run.
    std::vector<limit::Standing> standings() const;
};

// Null for subrequests, and when no limits were looked at.
LimitCheck *find_limit_check(ngx_http_request_t *r);

enum class LimitVerdict : std::uint8_t
{
    pass,
    refuse,   // see limit_answer.h
    ask_redis // see limit_query.h, then ask again here
};

// What to do with `r`, which is at a station with the limits of `lcf`. Decides
// at once unless Redis has to, and only once for a main request. Says `refuse`
// until refuse_request(); the way of that passes.
LimitVerdict check_limits(ngx_http_request_t *r, conf::Location &lcf);

// Decides as Redis has.
void settle_by_redis(ngx_http_request_t *r, LimitCheck &check,
                     const redis::LimitAnswer &answer);
// Decides by edge_limit_fallback, as Redis has not.
void settle_by_fallback(ngx_http_request_t *r, LimitCheck &check);

} // namespace edge::flow
