#include "tier/purge.h"

#include "ngx/clock.h"
#include "ngx/random.h"
#include "ngx/sleep.h"
#include "tier/log.h"
#include "tier/redis_tier.h"

namespace edge::tier {

namespace {

using invalidate::BeatReply;
using invalidate::Position;

// Between two looks at who has applied it.
constexpr Millis kFirstPause{1};
constexpr Millis kLongestPause{20};

void count(Zone &zone, invalidate::PurgeMode mode)
{
    shm::Counters &counters = zone.counters();
    (mode == invalidate::PurgeMode::hard ? counters.purges_hard
                                         : counters.purges_soft)
        .add();
}

// A worker that has just started may be asked before it has reached Redis: its
// first attempt to connect decides.
ngx::Task wait_for_first_connection(ngx::Flow &flow, const Log &log,
                                    BootTime deadline)
{
    while (!log.up() && log.reason().empty() && ngx::boot_now() < deadline) {
        co_await ngx::Sleep(flow, kFirstPause);
    }
}

void take_over(PurgeOutcome &outcome,
               const invalidate::Acknowledgement &acknowledgement)
{
    outcome.applied = acknowledgement.applied;
    outcome.live = acknowledgement.live;
    outcome.missing.clear();
    for (const invalidate::Missing &missing : acknowledgement.missing) {
        MissingInstance instance{missing.name, std::nullopt};
        if (missing.safe_in) {
            instance.safe_at = ngx::wall_now() + *missing.safe_in;
        }
        outcome.missing.push_back(std::move(instance));
    }
}

bool is_old_enough(Zone &zone, const BeatReply &reply)
{
    const Lock lock(zone);
    return ngx::boot_now() >=
           invalidate::earliest_acknowledgement(
               zone.generations().standing().joined_at, reply.members);
}

// Looks at the members until all of them have applied `record`, or its epoch
// is over: the next one has to have it, too (protocol 8).
ngx::Task wait(ngx::Flow &flow, Log &log, const Position &record,
               BootTime deadline, PurgeOutcome &outcome)
{
    for (Millis pause = kFirstPause;; pause = std::min(pause * 2,
                                                       kLongestPause)) {
        std::optional<Log::Heard> heard;
        co_await log.beat(flow, heard);
        if (heard) {
            const auto acknowledgement = invalidate::acknowledge(
                heard->reply, record, log.self(), log.watch());
            take_over(outcome, acknowledgement);
            outcome.lacks_replicas = !heard->is_replicated;
            outcome.confirmed = acknowledgement.complete() &&
                                heard->is_replicated &&
                                is_old_enough(log.zone(), heard->reply);
        }
        const bool is_over =
            heard && heard->reply.top.nonce != record.nonce;
        if (outcome.confirmed || is_over || ngx::boot_now() >= deadline) {
            co_return;
        }
        co_await ngx::Sleep(flow, pause);
    }
}

void purge_own_log(Zone &zone, const PurgeOrder &order, PurgeOutcome &outcome)
{
    outcome.generation = zone.purge(order.purge);
    outcome.is_local = true;
    outcome.confirmed = true;
    outcome.applied = outcome.live = 1;
}

void hold_here(Zone &zone, const invalidate::Purge &purge,
               PurgeOutcome &outcome)
{
    zone.purge_locally(purge);
    outcome.is_logged = false;
    outcome.applied = 1;
    outcome.live = std::max<std::uint64_t>(1, zone.live_instances());
}

ngx::Task purge_shared_log(ngx::Flow &flow, Log &log, const PurgeOrder &order,
                           PurgeOutcome &outcome)
{
    const BootTime deadline = ngx::boot_now() + order.wait;
    invalidate::Purge purge = order.purge;
    purge.request = ngx::random_text();
    co_await wait_for_first_connection(flow, log, deadline);
    std::optional<Position> record;
    do {
        co_await log.write(flow, purge, record);
        if (!record) {
            break;
        }
        outcome.is_logged = true;
        outcome.generation = record->generation;
        co_await wait(flow, log, *record, deadline, outcome);
    } while (!outcome.confirmed && ngx::boot_now() < deadline);
    // Redis may have gone right after it had taken the record.
    const bool is_applied =
        record && invalidate::reaches(log.zone().applied(), *record);
    if (!outcome.confirmed && !is_applied) {
        hold_here(log.zone(), purge, outcome);
    }
}

} // namespace

ngx::Task purge(ngx::Flow &flow, Zone &zone, const PurgeOrder &order,
                PurgeOutcome &outcome)
{
    count(zone, order.purge.mode);
    if (zone.redis() == nullptr) {
        purge_own_log(zone, order, outcome);
        co_return;
    }

    co_await purge_shared_log(flow, zone.redis()->log(), order, outcome);
}

} // namespace edge::tier
