#include "flow/collapse.h"

#include <algorithm>
#include <string>
#include <utility>

#include "flow/memory_lookup.h"
#include "flow/reading.h"
#include "flow/refresh.h"
#include "flow/shared_fill.h"
#include "flow/stale.h"
#include "flow/wait_count.h"
#include "invalidate/selector.h"
#include "ngx/clock.h"
#include "tier/fill_wait.h"

namespace edge::flow {

namespace {

using cache::Reason;
using shm::WaitEnd;
using tier::FillPart;
using Until = tier::FillWait::Until;

// Whoever waits looks for itself so often, too: should a wake-up be missed, and
// for workers that have no bell.
constexpr Millis kLookOut{1000};

// What is stored and found in memory, be it sent already or not.
const shm::PinnedObject *object_of(const Request &request)
{
    const std::optional<Hit> &found = request.hit ? request.hit : request.stale;
    return found && found->object ? &**found->object : nullptr;
}

// Where it is noted that the origin has failed, if what is stored is found in
// Redis only.
Hash128 failure_name(const Request &request)
{
    Hash128 name = fill_name(request);
    name.lo ^= 4;
    return name;
}

// Where it is noted that only clients can fetch it.
Hash128 foreground_name(Hash128 fill)
{
    fill.lo ^= 8;
    return fill;
}

bool needs_client(const Request &request)
{
    return request.zone().is_noted(foreground_name(fill_name(request)));
}

bool has_just_failed(const Request &request)
{
    if (const shm::PinnedObject *object = object_of(request)) {
        return object->is_held_down(sharing_kind(request.facts),
                                    ngx::boot_now());
    }
    return request.zone().is_noted(failure_name(request));
}

// An answer to HEAD fills nothing, what a client forbids to store is nobody
// else's, and what it is refused for its own header says nothing of others.
bool can_collapse(const ngx_http_request_t *r, const Request &request)
{
    const cache::RequestControl &control = request.facts.control;
    const bool is_own = control.only_if_cached ||
                        (request.lcf.policy.client_control && control.no_store);
    return request.lcf.lock.value && r->method == NGX_HTTP_GET && !is_own &&
           !cache::is_unusual(request.fields);
}

tier::FillWish wish_of(const Request &request)
{
    tier::FillWish wish;
    wish.name = fill_name(request);
    wish.object = known_name(request).hash;
    wish.tenant = invalidate::hash_tenant(request.identity->tenant);
    wish.max_age = request.lcf.lock_age.value;
    return wish;
}

// What can purge it takes a while to find out, and seldom matters.
tier::Joined join(Request &request, tier::FillWish wish)
{
    const tier::Joined joined = request.zone().join(wish);
    if (joined.part != FillPart::again) {
        return joined;
    }
    wish.selectors = selectors_of(request);
    return request.zone().join(wish);
}

// Another worker may have stored it, and ended its fill, behind our lookup and
// before we began ours.
void look_once_more(ngx_http_request_t *r, Request &request)
{
    find_in_memory(r, request);
    if (request.hit) {
        request.role.reset();
    }
}

// The fill has ended, or it is time to look what has become of it.
WaitEnd look_again(ngx_http_request_t *r, Request &request, BootTime deadline)
{
    request.awaited.reset();
    find_in_memory(r, request);
    if (request.hit) {
        return WaitEnd::hit;
    }
    if (ngx::boot_now() >= deadline) {
        request.refuse(Reason::lock_timeout);
        return WaitEnd::timeout;
    }
    join_fill(r, request);
    return request.hit ? WaitEnd::hit : WaitEnd::fetch;
}

} // namespace

unsigned sharing_kind(const cache::RequestFacts &request)
{
    return (request.has_authorization ? 1u : 0u) |
           (request.has_cookie ? 2u : 0u);
}

Hash128 fill_name(const Request &request)
{
    Hash128 name = known_name(request).hash;
    name.lo ^= sharing_kind(request.facts);
    return name;
}

bool may_look_in_redis(const Request &request)
{
    return request.redis() != nullptr && !request.is_pass;
}

bool answers_stale(const ngx_http_request_t *r, Request &request)
{
    if (!request.stale) {
        return false;
    }
    if (has_just_failed(request)) {
        return use_stale(request, cache::kStaleError) ||
               use_stale(request, cache::kStaleUpdating);
    }
    return request.lcf.background_update.value && can_refresh(r) &&
           !needs_client(request) &&
           use_stale(request, cache::kStaleUpdating);
}

void join_fill(ngx_http_request_t *r, Request &request)
{
    if ((request.has_client() && answers_stale(r, request)) ||
        !can_collapse(r, request)) {
        return;
    }
    tier::Zone &zone = request.zone();
    const tier::FillWish wish = wish_of(request);
    const tier::Joined joined = join(request, wish);
    request.is_pass = joined.part == FillPart::pass;
    if (joined.part != FillPart::wait) {
        request.role.emplace(zone, wish.name, joined.fill);
        if (joined.is_stored) {
            look_once_more(r, request);
        }
    } else if (use_stale(request, cache::kStaleUpdating)) {
        return;
    } else if (zone.may_wait()) {
        // What it waits for takes its place: many waiters pin nothing.
        request.stale.reset();
        request.awaited = joined.fill;
    } else {
        request.refuse(Reason::lock_waits);
    }
}

std::optional<tier::FillRole> lead_refresh(Request &request)
{
    if (has_just_failed(request) || needs_client(request)) {
        return std::nullopt;
    }
    tier::Zone &zone = request.zone();
    tier::FillWish wish = wish_of(request);
    wish.may_wait = false;
    const tier::Joined joined = join(request, wish);
    if (joined.part != FillPart::lead) {
        return std::nullopt;
    }
    return std::optional<tier::FillRole>(std::in_place, zone, wish.name,
                                         joined.fill);
}

void note_needs_client(const Request &refresh)
{
    constexpr Millis time{60'000};
    refresh.zone().note_refused(foreground_name(refresh.role->name()),
                                shm::HitForMiss::Place::origin, time,
                                Reason::refresh_identity);
}

void note_failure(const Request &request)
{
    constexpr Millis hold_down{2000};
    if (const shm::PinnedObject *object = object_of(request)) {
        const BootTime now = ngx::boot_now();
        object->hold_down(sharing_kind(request.facts), now, now + hold_down);
        return;
    }
    request.zone().note_refused(failure_name(request),
                                shm::HitForMiss::Place::origin, hold_down,
                                Reason::none);
}

ngx::Task wait_for_fill(ngx::Flow &flow, ngx_http_request_t *r,
                        Request &request)
{
    tier::Zone &zone = request.zone();
    const Millis timeout = request.lcf.lock_timeout.value;
    const BootTime deadline = ngx::boot_now() + timeout;
    WaitCount count(zone.counters());
    WaitEnd end = WaitEnd::fetch;
    while (request.awaited) {
        const Offer offer = take_arriving(r, request);
        if (offer == Offer::taken) {
            end = WaitEnd::hit;
            break;
        }
        const Millis left = deadline - ngx::boot_now();
        const Millis longest = std::clamp(left, Millis(1), kLookOut);
        const bool may_begin = offer == Offer::none;
        tier::FillWait wait(flow, zone, *request.awaited, longest,
                            may_begin ? Until::arrives : Until::ended);
        co_await wait;
        if (!may_begin || !zone.is_arriving(*request.awaited)) {
            end = look_again(r, request, deadline);
        }
    }
    count.end(end);
    request.collapsed =
        end == WaitEnd::hit && request.status == cache::Status::miss;
    if (!request.hit && may_look_in_redis(request)) {
        co_await look_in_redis(flow, r, request);
    }
}

} // namespace edge::flow
