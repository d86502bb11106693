#include "flow/limit_check.h"

#include <algorithm>
#include <array>
#include <tuple>

#include "client/redis.h"
#include "flow/limit_values.h"
#include "limit/local.h"
#include "ngx/clock.h"
#include "ngx/pool.h"
#include "ngx/text.h"

namespace edge::flow {

namespace {

using limit::Source;
using limit::Status;
using Kind = conf::LimitFallback::Kind;

limit::Clocks now()
{
    return {static_cast<limit::Micros>(ngx::monotonic_micros()),
            ngx::wall_micros()};
}

limit::LocalLimit local(const AppliedLimit &limit)
{
    return {limit.zone->buckets(),
            limit.hash,
            limit.meter,
            limit.instances,
            static_cast<std::int64_t>(limit.cost),
            limit.dry_run};
}

std::uint32_t all_of(const LimitCheck &check)
{
    return (1u << check.limits.size()) - 1;
}

std::uint32_t dry_runs(const LimitCheck &check)
{
    std::uint32_t mask = 0;
    for (std::size_t i = 0; i < check.limits.size(); i++) {
        mask |= static_cast<std::uint32_t>(check.limits[i].dry_run) << i;
    }
    return mask;
}

tier::LimitLock lock_zones(const LimitCheck &check)
{
    std::array<tier::LimitZone *, redis::kMaxLimits> zones;
    std::transform(check.limits.begin(), check.limits.end(), zones.begin(),
                   [](const AppliedLimit &limit) { return limit.zone; });
    return tier::LimitLock({zones.data(), check.limits.size()});
}

redis::LimitAnswer decide_in_memory(const LimitCheck &check)
{
    std::vector<limit::LocalLimit> limits;
    limits.reserve(check.limits.size());
    for (const AppliedLimit &limit : check.limits) {
        limits.push_back(local(limit));
    }
    const tier::LimitLock lock = lock_zones(check);
    return limit::decide_locally(limits, now());
}

// So that an outage begins with the buckets as full as they were.
void note_states(const LimitCheck &check)
{
    const tier::LimitLock lock = lock_zones(check);
    for (std::size_t i = 0; i < check.limits.size(); i++) {
        note_state(local(check.limits[i]), check.answer.states[i], now());
    }
}

Status status_at(const LimitCheck &check, std::size_t i)
{
    if (!check.denied(i)) {
        return Status::passed;
    }
    return check.limits[i].dry_run ? Status::rejected_dry_run
                                   : Status::rejected;
}

void count(const LimitCheck &check)
{
    for (std::size_t i = 0; i < check.limits.size(); i++) {
        const bool unjudged = check.status == Status::unlimited;
        const Status status = unjudged ? check.status : status_at(check, i);
        if (status == Status::passed && check.refused()) {
            continue;
        }
        check.limits[i].zone->counters().add(status, *check.source);
    }
}

// By how much a request is too much, in thousandths of a unit. Parts of units
// come free in buckets only.
ngx_uint_t excess(const LimitCheck &check, std::size_t i)
{
    const limit::State &state = check.answer.states[i];
    auto room = static_cast<double>(state.remaining);
    const limit::Meter judge = check.judge(i);
    if (const auto *bucket = std::get_if<limit::Bucket>(&judge)) {
        room = (bucket->capacity - state.time) / bucket->interval;
    }
    const double units = static_cast<double>(check.limits[i].cost) - room;
    return static_cast<ngx_uint_t>(std::max(0.0, units) * 1000);
}

// In the words of limit_req, which log watchers know.
void log_denial(ngx_http_request_t *r, const LimitCheck &check, std::size_t i)
{
    const AppliedLimit &limit = check.limits[i];
    const char *dry_run = limit.dry_run ? ", dry run" : "";
    ngx_str_t zone = ngx::str(limit.zone->settings.name);
    if (!check.decided_by_figures()) {
        ngx_log_error(check.lcf.limit_log_level.value, r->connection->log, 0,
                      "limiting requests%s, redis is away, by zone \"%V\"",
                      dry_run, &zone);
        return;
    }
    const ngx_uint_t milli = excess(check, i);
    ngx_log_error(check.lcf.limit_log_level.value, r->connection->log, 0,
                  "limiting requests%s, excess: %ui.%03ui by zone \"%V\"",
                  dry_run, milli / 1000, milli % 1000, &zone);
}

void settle(ngx_http_request_t *r, LimitCheck &check, Source source,
            const redis::LimitAnswer &answer)
{
    check.source = source;
    check.answer = answer;
    check.status = source == Source::open
                       ? Status::unlimited
                       : limit::status_of(answer.denied, dry_runs(check));
    count(check);
    for (std::size_t i = 0; i < check.limits.size(); i++) {
        if (check.denied(i)) {
            log_denial(r, check, i);
        }
    }
}

// True: decided. All limits of a level have the same Redis, or none.
bool settle_at_once(ngx_http_request_t *r, LimitCheck &check)
{
    const tier::LimitZone &zone = *check.limits.front().zone;
    if (zone.settings.redis == nullptr) {
        settle(r, check, Source::local, decide_in_memory(check));
        return true;
    }
    if (zone.redis() != nullptr && zone.redis()->up()) {
        return false;
    }
    settle_by_fallback(r, check);
    return true;
}

} // namespace

LimitCheck *find_limit_check(ngx_http_request_t *r)
{
    return r == r->main ? ngx::pool_find<LimitCheck>(r->pool) : nullptr;
}

LimitVerdict check_limits(ngx_http_request_t *r, conf::Location &lcf)
{
    if (lcf.limits.value.empty() || lcf.api != nullptr || r != r->main) {
        return LimitVerdict::pass;
    }
    LimitCheck *check = find_limit_check(r);
    if (check == nullptr) {
        check = ngx::pool_new<LimitCheck>(r->pool, lcf);
        check->limits = evaluate_limits(r, lcf);
    }
    if (check->limits.empty() || check->answered) {
        return LimitVerdict::pass;
    }
    if (!check->source && !settle_at_once(r, *check)) {
        return LimitVerdict::ask_redis;
    }
    return check->refused() ? LimitVerdict::refuse : LimitVerdict::pass;
}

void settle_by_redis(ngx_http_request_t *r, LimitCheck &check,
                     const redis::LimitAnswer &answer)
{
    settle(r, check, Source::redis, answer);
    note_states(check);
}

void settle_by_fallback(ngx_http_request_t *r, LimitCheck &check)
{
    switch (check.lcf.limit_fallback.value.kind) {
    case Kind::local:
        settle(r, check, Source::local, decide_in_memory(check));
        break;
    case Kind::open:
        settle(r, check, Source::open, {});
        break;
    case Kind::closed:
        settle(r, check, Source::closed, {.denied = all_of(check)});
        break;
    }
}

std::optional<std::size_t> LimitCheck::tightest() const
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

std::vector<limit::Standing> LimitCheck::standings() const
{
    std::vector<limit::Standing> all;
    for (std::size_t i = 0; i < limits.size(); i++) {
        const AppliedLimit &limit = limits[i];
        if (limit.dry_run) {
            continue;
        }
        all.push_back({.policy = limit.zone->settings.name,
                       .allows = limit.policy,
                       .meter = judge(i),
                       .state = answer.states[i],
                       .cost = limit.cost,
                       .denied = denied(i)});
    }
    return all;
}

} // namespace edge::flow
