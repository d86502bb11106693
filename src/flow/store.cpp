#include "flow/store.h"

#include <span>
#include <string_view>
#include <vector>

#include "cache/freshness.h"
#include "cache/revalidation.h"
#include "cache/staleness.h"
#include "flow/draft.h"
#include "flow/framing.h"
#include "ngx/clock.h"
#include "tier/redis_tier.h"

namespace edge::flow {

namespace {

using cache::Entry;
using cache::Reason;

using Body = std::span<const std::string_view>;

std::uint64_t size_of(Body body)
{
    std::uint64_t size = 0;
    for (const std::string_view piece : body) {
        size += piece.size();
    }
    return size;
}

// Into both tiers; what memory has no room for may still be shared.
Reason put(Request &request, const tier::ObjectName &name,
           const tier::RedisName &redis_name, const Entry &entry, Body body,
           const tier::Arrival *arrival = nullptr)
{
    const Millis keep = keep_time(entry, request.lcf.policy);
    const Reason reason = request.zone().put(name, entry, body, keep, arrival);
    tier::RedisTier *redis = request.redis();
    if (redis != nullptr &&
        (reason == Reason::none || reason == Reason::zone_full)) {
        redis->store(redis_name, entry, keep,
                     cache::seal(cache::encode_head(entry), body,
                                 redis->seal_keys()));
    }
    return reason;
}

// Right after a purge the origin may have read a replica that lags.
void settle(Request &request, Entry &entry)
{
    const auto time =
        request.zone().keep_time(entry, request.lcf.settle.value);
    if (time) {
        shorten(entry, *time, ngx::wall_now());
        request.zone().counters().fills_settling.add();
    }
}

Reason store(ngx_http_request_t *r, Request &request, FillPlan &plan,
             Body body, const tier::Arrival *arrival = nullptr)
{
    Draft draft(r, request, plan, size_of(body));
    if (!draft.is_named()) {
        return Reason::vary_limit;
    }
    settle(request, draft.entry());
    plan.entry.times = draft.entry().times;
    if (const auto record = draft.vary_record()) {
        const Reason reason = put(request, draft.resource(),
                                  draft.redis_resource(), *record, {});
        if (reason != Reason::none) {
            return reason;
        }
    }
    return put(request, draft.name(), draft.redis_name(), draft.entry(), body,
               arrival);
}

// Those who wait get what is stored; what has to be asked about each time is of
// no use to them, so they ask at once and side by side.
void end_role(Request &request, Reason reason, const Entry &entry)
{
    const WallTime now = ngx::wall_now();
    const bool is_of_use =
        remaining_lifetime(entry.times, now) > Millis(0) ||
        may_be_stale(entry, cache::kStaleUpdating, request.lcf.policy, now);
    request.end_role(reason == Reason::none && !is_of_use
                         ? Reason::expired_on_arrival
                         : reason,
                     entry.status);
}

// What is asked about each time need not be written each time: it is kept
// for an hour, and changed by purges only.
bool is_worth_storing(const Entry &stored, const FillPlan &plan)
{
    constexpr Millis often{10 * 60 * 1000};
    const WallTime now = ngx::wall_now();
    return remaining_lifetime(plan.entry.times, now) > Millis(0) ||
           now - stored.times.response > often ||
           says_anything_new(stored.fields, cache::StringList(plan.fields));
}

// Packed where it was to be, and that is worth it.
Reason store_whole(ngx_http_request_t *r, Request &request)
{
    Fill &fill = *request.fill;
    const auto packed = fill.packed();
    if (!packed) {
        return store(r, request, fill.plan(), fill.pieces(), fill.arrival());
    }
    fill.plan().entry.identity_size = fill.size();
    shm::Counters &counters = request.zone().counters();
    counters.fills_compressed.add();
    counters.bytes_compressed.add(fill.size());
    counters.bytes_packed.add(packed->size());
    const Reason reason = store(r, request, fill.plan(), {&*packed, 1});
    fill.end_packing();
    return reason;
}

} // namespace

void store_fill(ngx_http_request_t *r, Request &request)
{
    request.fill_ended = true;
    Fill &fill = *request.fill;
    Reason reason = Reason::truncated;
    if (fill.is_complete() && has_ended(r)) {
        fill.finish_arrival();
        reason = fill.is_too_large() ? Reason::too_large
                                     : store_whole(r, request);
    }
    request.is_stored = reason == Reason::none;
    request.refuse(reason);
    fill.break_off_arrival();
    end_role(request, reason, fill.plan().entry);

    shm::Counters &counters = request.zone().counters();
    if (reason == Reason::none) {
        counters.fills_stored.add();
    } else {
        counters.fills_aborted.add();
    }
}

Reason store_header(ngx_http_request_t *r, Request &request, FillPlan &plan)
{
    return store(r, request, plan, {});
}

void store_refresh(ngx_http_request_t *r, Request &request, FillPlan &plan)
{
    std::vector<std::string_view> body;
    request.stale->for_each_piece(
        [&body](std::string_view piece) { body.push_back(piece); });
    const Reason reason = is_worth_storing(request.stale->entry, plan)
                              ? store(r, request, plan, body)
                              : Reason::none;
    request.is_stored = reason == Reason::none;
    request.refuse(reason);
    end_role(request, reason, plan.entry);
}

} // namespace edge::flow
