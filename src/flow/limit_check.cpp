#include "flow/limit_check.h"

#include <algorithm>
#include <cstdlib>

#include "flow/limit_values.h"
#include "ngx/pool.h"

namespace edge::flow {

namespace {

using limit::Status;

// The worst comes first.
constexpr Status kByGravity[] = {Status::rejected, Status::stale,
                                 Status::rejected_dry_run, Status::unlimited,
                                 Status::passed, Status::exempt};

bool has_limits(const conf::Location &lcf, conf::LimitPoint point)
{
    const auto &limits = lcf.limits.value;
    return std::any_of(
        limits.begin(), limits.end(),
        [point](const conf::LimitUse &use) { return use.point == point; });
}

void append_standings(std::vector<limit::Standing> &all,
                      const LimitRound &round)
{
    for (std::size_t i = 0; i < round.limits.size(); i++) {
        const AppliedLimit &limit = round.limits[i];
        if (limit.dry_run) {
            continue;
        }
        all.push_back({.policy = limit.zone->settings.name,
                       .allows = limit.policy,
                       .meter = round.judge(i),
                       .state = round.answer.states[i],
                       .cost = static_cast<std::uint64_t>(std::abs(limit.cost)),
                       .denied = round.denied(i)});
    }
}

LimitCheck &make_limit_check(ngx_http_request_t *r, conf::Location &lcf)
{
    LimitCheck *check = find_limit_check(r);
    return check ? *check : *ngx::pool_new<LimitCheck>(r->pool, lcf);
}

} // namespace

LimitCheck *find_limit_check(ngx_http_request_t *r)
{
    return r == r->main ? ngx::pool_find<LimitCheck>(r->pool) : nullptr;
}

LimitVerdict check_limits(ngx_http_request_t *r, conf::Location &lcf,
                          conf::LimitPoint point)
{
    if (!has_limits(lcf, point) || lcf.api != nullptr || r != r->main) {
        return LimitVerdict::pass;
    }
    LimitCheck &check = make_limit_check(r, lcf);
    auto &round = check.rounds[static_cast<std::size_t>(point)];
    if (!round) {
        round.emplace();
        round->limits = evaluate_limits(r, check.lcf, point);
    }
    if (round->limits.empty() || check.answered) {
        return LimitVerdict::pass;
    }
    if (!round->source && !settle_at_once(r, check.lcf, *round)) {
        return LimitVerdict::ask_redis;
    }
    return round->refused() ? LimitVerdict::refuse : LimitVerdict::pass;
}

const LimitRound *LimitCheck::refusing() const
{
    const LimitRound *last = deciding();
    return last && last->refused() ? last : nullptr;
}

// Points come in their order, and a refusal is the last of them.
const LimitRound *LimitCheck::deciding() const
{
    const LimitRound *last = nullptr;
    for (const auto &round : rounds) {
        last = round && round->source ? &*round : last;
    }
    return last;
}

std::optional<Status> LimitCheck::status() const
{
    for (const Status status : kByGravity) {
        for (const auto &round : rounds) {
            const bool decided =
                round && (round->source || round->limits.empty());
            if (decided && round->status == status) {
                return status;
            }
        }
    }
    return std::nullopt;
}

std::vector<limit::Standing> LimitCheck::standings() const
{
    std::vector<limit::Standing> all;
    for (const auto &round : rounds) {
        if (round && round->decided_by_figures()) {
            append_standings(all, *round);
        }
    }
    return all;
}

} // namespace edge::flow
