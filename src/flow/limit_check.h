// The limits of one main request: which apply at which point of its way, and
// what was decided.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "conf/limit.h"
#include "conf/location.h"
#include "flow/limit_round.h"
#include "limit/fields.h"
#include "limit/status.h"
#include "ngx/nginx.h"

namespace edge::flow {

// In the request's pool from its first station with limits on. Redirects
// inside nginx neither count again nor change whose rules apply.
struct LimitCheck
{
    explicit LimitCheck(conf::Location &location) : lcf(location) {}

    conf::Location &lcf;
    std::array<std::optional<LimitRound>, conf::kLimitPoints> rounds;
    bool answered = false;    // the refusal is on its way
    std::uint64_t chance = 0; // a random number, for whoever is refused

    // Made by check_limits().
    LimitRound &round(conf::LimitPoint point)
    {
        return *rounds[static_cast<std::size_t>(point)];
    }

    // The one that refused; null: none has.
    const LimitRound *refusing() const;
    // That one, or else the last one decided; null: none was.
    const LimitRound *deciding() const;

    // Of all rounds together; nullopt: nothing is decided yet.
    std::optional<limit::Status> status() const;
    // For limit/fields.h: all but those in dry run, of rounds that were
    // decided by figures.
    std::vector<limit::Standing> standings() const;
};

// Null for subrequests, and when no limits were looked at.
LimitCheck *find_limit_check(ngx_http_request_t *r);

enum class LimitVerdict : std::uint8_t
{
    pass,     // also: something stale is Request::hit now
    refuse,   // see limit_answer.h
    ask_redis // see limit_query.h, then ask again here
};

// What to do with `r`, which is at a station with the limits of `lcf`. Decides
// at once unless Redis has to, and only once for a main request. Says `refuse`
// until refuse_request(); the way of that passes.
LimitVerdict check_limits(ngx_http_request_t *r, conf::Location &lcf,
                          conf::LimitPoint point);

} // namespace edge::flow
