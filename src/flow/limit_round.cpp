#include "flow/limit_round.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <tuple>

#include "client/redis.h"
#include "flow/limit_stale.h"
#include "limit/key.h"
#include "ngx/pool.h"
#include "ngx/text.h"
#include "tier/limit_link.h"

namespace edge::flow {

namespace {

using limit::Source;
using limit::Status;
using Kind = conf::LimitFallback::Kind;

limit::LocalLimit local(const AppliedLimit &limit)
{
    return {limit.zone->buckets(), limit.hash, limit.meter,
            limit.instances,       limit.cost, limit.dry_run};
}

std::uint32_t all_of(const LimitRound &round)
{
    return (1u << round.limits.size()) - 1;
}

std::uint32_t dry_runs(const LimitRound &round)
{
    std::uint32_t mask = 0;
    for (std::size_t i = 0; i < round.limits.size(); i++) {
        mask |= static_cast<std::uint32_t>(round.limits[i].dry_run) << i;
    }
    return mask;
}

tier::LimitLock lock_zones(const LimitRound &round)
{
    std::array<tier::LimitZone *, redis::kMaxLimits> zones;
    std::transform(round.limits.begin(), round.limits.end(), zones.begin(),
                   [](const AppliedLimit &limit) { return limit.zone; });
    return tier::LimitLock({zones.data(), round.limits.size()});
}

std::vector<limit::LocalLimit> all_local(const LimitRound &round)
{
    std::vector<limit::LocalLimit> limits;
    limits.reserve(round.limits.size());
    for (const AppliedLimit &limit : round.limits) {
        limits.push_back(local(limit));
    }
    return limits;
}

redis::LimitAnswer decide_in_memory(const LimitRound &round)
{
    const auto limits = all_local(round);
    const tier::LimitLock lock = lock_zones(round);
    return limit::decide_locally(limits, tier::limit_clocks());
}

std::optional<redis::LimitAnswer> refuse_from_memory(const LimitRound &round)
{
    const auto limits = all_local(round);
    const tier::LimitLock lock = lock_zones(round);
    return limit::refuse_as_told(limits, tier::limit_clocks());
}

// Of all limits, or of none.
bool take_leased(const LimitRound &round)
{
    const limit::Micros at = tier::limit_clocks().steady;
    bool all = true;
    for (const AppliedLimit &limit : round.limits) {
        const auto units = static_cast<std::uint64_t>(limit.cost);
        all &= limit.zone->leases().has(limit.hash, units, at);
    }
    for (const AppliedLimit &limit : round.limits) {
        if (all) {
            limit.zone->leases().take(limit.hash,
                                      static_cast<std::uint64_t>(limit.cost));
        }
    }
    return all;
}

redis::LimitAnswer as_told(const LimitRound &round)
{
    const auto limits = all_local(round);
    const tier::LimitLock lock = lock_zones(round);
    return limit::recall(limits, tier::limit_clocks());
}

// So that an outage begins with the buckets as full as they were, and Redis is
// not asked for what it has just refused.
void note_states(const LimitRound &round)
{
    const tier::LimitLock lock = lock_zones(round);
    for (std::size_t i = 0; i < round.limits.size(); i++) {
        note_state(local(round.limits[i]), round.answer.states[i],
                   round.denied(i), round.asked);
    }
}

void note_leased(const LimitRound &round)
{
    for (std::size_t i = 0; i < round.limits.size(); i++) {
        const AppliedLimit &limit = round.limits[i];
        if (limit.use->is_leased()) {
            limit.zone->leases().add(limit.hash, round.answer.extras[i],
                                     round.asked);
        }
    }
}

Status status_at(const LimitRound &round, std::size_t i)
{
    if (!round.denied(i)) {
        return Status::passed;
    }
    if (round.limits[i].dry_run) {
        return Status::rejected_dry_run;
    }
    return round.status == Status::stale ? Status::stale : Status::rejected;
}

// Less than a fifth is left.
bool is_near(const LimitRound &round, std::size_t i)
{
    return round.decided_by_figures() &&
           round.answer.states[i].remaining * 5 < units(round.judge(i));
}

void count(const LimitRound &round)
{
    for (std::size_t i = 0; i < round.limits.size(); i++) {
        const bool unjudged = round.status == Status::unlimited;
        const Status status = unjudged ? round.status : status_at(round, i);
        if (status == Status::passed && !round.charged()) {
            continue;
        }
        tier::LimitCounters &counters = round.limits[i].zone->counters();
        counters.add(status, *round.source);
        if (status == Status::passed && is_near(round, i)) {
            counters.near.add();
        }
    }
}

// By how much a request is too much, in thousandths of a unit. Parts of units
// come free in buckets only.
ngx_uint_t excess(const LimitRound &round, std::size_t i)
{
    const limit::State &state = round.answer.states[i];
    auto room = static_cast<double>(state.remaining);
    const limit::Meter judge = round.judge(i);
    if (const auto *bucket = std::get_if<limit::Bucket>(&judge)) {
        room = (bucket->capacity - state.time) / bucket->interval;
    }
    const double units =
        static_cast<double>(std::abs(round.limits[i].cost)) - room;
    return static_cast<ngx_uint_t>(std::max(0.0, units) * 1000);
}

const char *mode_of(const LimitRound &round, std::size_t i)
{
    switch (status_at(round, i)) {
    case Status::rejected_dry_run:
        return ", dry run";
    case Status::stale:
        return ", stale";
    default:
        return "";
    }
}

// In the words of limit_req, which log watchers know.
void log_denial(ngx_http_request_t *r, const conf::Location &lcf,
                const LimitRound &round, std::size_t i)
{
    const AppliedLimit &limit = round.limits[i];
    const char *mode = mode_of(round, i);
    ngx_str_t zone = ngx::str(limit.zone->settings.name);
    if (!round.decided_by_figures()) {
        ngx_log_error(lcf.limit_log_level.value, r->connection->log, 0,
                      "limiting requests%s, redis is away, by zone \"%V\"",
                      mode, &zone);
        return;
    }
    const ngx_uint_t milli = excess(round, i);
    ngx_log_error(lcf.limit_log_level.value, r->connection->log, 0,
                  "limiting requests%s, excess: %ui.%03ui by zone \"%V\"", mode,
                  milli / 1000, milli % 1000, &zone);
}

void settle(ngx_http_request_t *r, const conf::Location &lcf, LimitRound &round,
            Source source, const redis::LimitAnswer &answer)
{
    round.source = source;
    round.answer = answer;
    round.status = source == Source::open
                       ? Status::unlimited
                       : limit::status_of(answer.denied, dry_runs(round));
    if (round.refused() && use_stale_instead(r, round)) {
        round.status = Status::stale;
    }
    count(round);
    for (std::size_t i = 0; i < round.limits.size(); i++) {
        if (round.denied(i)) {
            log_denial(r, lcf, round, i);
        }
    }
}

// So that Redis gets it when it is back, also if nobody comes for it.
void remember_charge(ngx_http_request_t *r, const AppliedLimit &limit)
{
    tier::LimitLink *link = limit.zone->link();
    if (!limit.is_local() && link && !link->hand_over.knows(limit.hash)) {
        link->hand_over.remember(local(limit), limit.for_script(r->pool).key);
    }
}

void remember_charges(ngx_http_request_t *r, const LimitRound &round)
{
    for (std::size_t i = 0; i < round.limits.size(); i++) {
        const AppliedLimit &limit = round.limits[i];
        if (round.charged() && !round.denied(i) && limit.cost > 0) {
            remember_charge(r, limit);
        }
    }
}

} // namespace

redis::ScriptLimit AppliedLimit::for_script(ngx_pool_t *pool) const
{
    const tier::LimitZoneSettings &settings = zone->settings;
    redis::ScriptLimit limit = script_figures(meter);
    limit.key =
        ngx::pool_copy(pool, limit::redis_key(settings.redis->prefix,
                                              {settings.name, value, tag}, {}));
    limit.cost = cost;
    limit.dry_run = dry_run;
    return limit;
}

// All limits of a round have the same Redis, or none.
bool settle_at_once(ngx_http_request_t *r, const conf::Location &lcf,
                    LimitRound &round)
{
    const tier::LimitZone &zone = *round.limits.front().zone;
    if (round.limits.front().is_local()) {
        settle(r, lcf, round, Source::local, decide_in_memory(round));
        return true;
    }
    if (zone.redis() == nullptr || !zone.redis()->up()) {
        settle_by_fallback(r, lcf, round);
        return true;
    }
    if (round.limits.front().use->is_leased() && take_leased(round)) {
        settle(r, lcf, round, Source::lease, as_told(round));
        return true;
    }
    if (const auto refusal = refuse_from_memory(round)) {
        settle(r, lcf, round, Source::denied_cache, *refusal);
        return true;
    }
    return false;
}

void settle_by_redis(ngx_http_request_t *r, const conf::Location &lcf,
                     LimitRound &round, const redis::LimitAnswer &answer)
{
    settle(r, lcf, round, Source::redis, answer);
    note_states(round);
    note_leased(round);
}

void settle_by_fallback(ngx_http_request_t *r, const conf::Location &lcf,
                        LimitRound &round)
{
    switch (lcf.limit_fallback.value.kind) {
    case Kind::local:
        settle(r, lcf, round, Source::local, decide_in_memory(round));
        remember_charges(r, round);
        break;
    case Kind::open:
        settle(r, lcf, round, Source::open, {});
        break;
    case Kind::closed:
        settle(r, lcf, round, Source::closed, {.denied = all_of(round)});
        break;
    }
}

std::optional<std::size_t> LimitRound::tightest() const
{
    std::optional<std::size_t> found;
    const auto rank = [this](std::size_t i) {
        return std::tuple(!(denied(i) && !limits[i].dry_run), !denied(i),
                          answer.states[i].remaining);
    };
    for (std::size_t i = 0; i < limits.size(); i++) {
        if (!found || rank(i) < rank(*found)) {
            found = i;
        }
    }
    return found;
}

void hand_over_charges(ngx_http_request_t *r, LimitRound &round)
{
    round.asked = tier::limit_clocks();
    for (const AppliedLimit &limit : round.limits) {
        tier::LimitZone *zone = limit.zone;
        std::int64_t units = zone->take_charges(local(limit));
        if (limit.use->is_leased()) {
            units -= static_cast<std::int64_t>(zone->leases().take_expired(
                limit.hash, limit.meter, round.asked));
        }
        if (units != 0) {
            redis::ScriptLimit debit = limit.for_script(r->pool);
            debit.cost = units;
            zone->debit(debit, redis::kHandOver);
        }
    }
}

void charge_limit(ngx_http_request_t *r, const LimitRound &round, std::size_t i,
                  std::int64_t units)
{
    const AppliedLimit &limit = round.limits[i];
    if (round.source == Source::redis) {
        redis::ScriptLimit debit = limit.for_script(r->pool);
        debit.cost = units;
        limit.zone->debit(debit);
    } else if (round.source == Source::local) {
        tier::LimitZone *zone = limit.zone;
        {
            const tier::LimitLock lock({&zone, 1});
            charge_locally(local(limit), static_cast<double>(units),
                           tier::limit_clocks());
        }
        remember_charge(r, limit);
    }
}

} // namespace edge::flow
