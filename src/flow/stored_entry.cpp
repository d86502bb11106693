#include "flow/stored_entry.h"

#include <utility>

#include "cache/freshness.h"
#include "cache/revalidation.h"
#include "cache/staleness.h"
#include "ngx/clock.h"

namespace edge::flow {

namespace {

using cache::Entry;
using cache::Reason;

// What the client asks for, if it is fresh. A reload asks for max-age=0, also
// where nothing can have changed (RFC 8246 2).
Reason may_satisfy(const Request &request, const Hit &found, Millis remaining)
{
    const cache::Policy &policy = request.lcf.policy;
    cache::RequestControl control = request.facts.control;
    if (policy.client_control && control.max_age &&
        is_immutable(found.entry)) {
        control.max_age.reset();
    }
    return cache::may_satisfy(control, policy, found.age, remaining);
}

bool is_kept_for(const Request &request, const Hit &found)
{
    const cache::Policy &policy = request.lcf.policy;
    const Millis staleness = found.age - found.entry.times.lifetime;
    return (policy.revalidate && !condition(found.entry).empty()) ||
           longest_staleness(found.entry, policy) >= staleness ||
           is_stale_accepted(found.entry, cache::kStaleError,
                             request.facts.control, policy, ngx::wall_now());
}

bool is_welcome(const Request &request, const Hit &found)
{
    return !request.is_own() &&
           is_stale_welcome(found.entry, request.facts.control,
                            request.lcf.policy, ngx::wall_now());
}

// What a request of our own fetches again (flow/refresh), fresh or not.
bool is_refreshed(const Request &request, const Entry &entry)
{
    return request.refresh &&
           entry.times.response <= request.refresh->response;
}

// Of both tiers, the newer one.
void keep_stale(Request &request, Hit found)
{
    if (!request.stale || found.entry.times.response >=
                              request.stale->entry.times.response) {
        request.stale.emplace(std::move(found));
    }
}

} // namespace

bool is_under(std::string_view key, const Entry &entry, Request &request)
{
    const bool is_same = entry.key == key;
    if (!is_same) {
        request.refuse(Reason::entry_mismatch);
    }
    return is_same;
}

Reason judge(const Request &request, const Hit &found)
{
    tier::Zone &zone = request.zone();
    // What is not stored yet is not removed by purges either.
    return found.object && !found.filler
               ? zone.judge(**found.object, found.entry)
               : zone.judge(found.entry);
}

bool take_stored(Request &request, Hit found)
{
    Reason reason = may_answer(request.facts, request.lcf.policy, found.entry);
    const Reason purged =
        reason == Reason::none ? judge(request, found) : Reason::none;
    if (purged != Reason::soft_purged && reason == Reason::none) {
        reason = purged;
    }
    if (reason != Reason::none) {
        request.found_unusable = true;
        request.refuse(reason);
        return false;
    }

    const Millis remaining =
        is_ahead(found.entry.times, ngx::wall_now())
            ? Millis(0)
            : found.entry.times.lifetime - found.age;
    if (remaining <= Millis(0) || purged == Reason::soft_purged) {
        request.found_expired = true;
        request.refuse(purged);
        if (purged == Reason::none && is_welcome(request, found)) {
            request.status = cache::Status::stale;
            request.hit.emplace(std::move(found));
            return true;
        }
    } else if (is_refreshed(request, found.entry)) {
        request.found_expired = true;
    } else if ((reason = may_satisfy(request, found, remaining)) ==
               Reason::none) {
        request.hit.emplace(std::move(found));
        return true;
    } else {
        request.found_unusable = true;
        request.refuse(reason);
    }
    if (!is_kept_for(request, found)) {
        return false;
    }
    keep_stale(request, std::move(found));
    return true;
}

} // namespace edge::flow
