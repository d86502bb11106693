// Limits that are decided together: all of them are charged, or none.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "conf/location.h"
#include "limit/fields.h"
#include "limit/local.h"
#include "limit/status.h"
#include "ngx/nginx.h"
#include "redis/limit_script.h"
#include "tier/limit_zone.h"

namespace edge::flow {

// One limit that applies, with its variables evaluated.
struct AppliedLimit
{
    const conf::LimitUse *use = nullptr;
    tier::LimitZone *zone = nullptr;
    std::string_view value; // of the key, never empty
    std::string_view tag;   // may be
    Hash128 hash;           // of the value
    limit::Meter meter;
    limit::Policy policy;
    std::uint64_t instances = 1; // that share it when each is alone
    std::int64_t cost = 1;       // redis::kLook: known with the answer
    bool dry_run = false;

    // Nobody else is asked.
    bool is_local() const
    {
        return zone->settings.redis == nullptr ||
               use->sync == conf::LimitSync::local;
    }
    // As the script takes it; its key lives as long as `pool`.
    redis::ScriptLimit for_script(ngx_pool_t *pool) const;
};

struct LimitRound
{
    std::vector<AppliedLimit> limits;

    limit::Status status = limit::Status::exempt;
    std::optional<limit::Source> source; // none: not decided (yet)
    limit::Clocks asked;                 // when Redis was, if it was
    redis::LimitAnswer answer;           // when decided by figures

    bool decided_by_figures() const
    {
        return source && source != limit::Source::open &&
               source != limit::Source::closed;
    }
    bool refused() const { return status == limit::Status::rejected; }
    bool charged() const
    {
        return !refused() && status != limit::Status::stale;
    }
    bool denied(std::size_t i) const { return answer.denied >> i & 1; }
    // By which was decided.
    limit::Meter judge(std::size_t i) const
    {
        return source == limit::Source::local
                   ? share(limits[i].meter, limits[i].instances)
                   : limits[i].meter;
    }
    // The limit that refused or would have, or else the one with the least
    // left; nullopt without any limit.
    std::optional<std::size_t> tightest() const;
};

// True: decided. Otherwise Redis is to be asked, and one of the two below to
// be called.
bool settle_at_once(ngx_http_request_t *r, const conf::Location &lcf,
                    LimitRound &round);
void settle_by_redis(ngx_http_request_t *r, const conf::Location &lcf,
                     LimitRound &round, const redis::LimitAnswer &answer);
// By edge_limit_fallback.
void settle_by_fallback(ngx_http_request_t *r, const conf::Location &lcf,
                        LimitRound &round);

// Before Redis is asked: it gets what was charged here without it, and back
// what was leased and not used.
void hand_over_charges(ngx_http_request_t *r, LimitRound &round);

// Charges one limit of a round for what its answer has cost.
void charge_limit(ngx_http_request_t *r, const LimitRound &round, std::size_t i,
                  std::int64_t units);

} // namespace edge::flow
