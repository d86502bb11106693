#include "flow/stale.h"

#include <utility>

#include "cache/freshness.h"
#include "cache/staleness.h"
#include "flow/collapse.h"
#include "flow/stored_entry.h"
#include "ngx/clock.h"

namespace edge::flow {

namespace {

using cache::Reason;
using cache::StaleCause;
using cache::Status;

bool wants_fresh(const Request &request)
{
    const cache::RequestControl &control = request.facts.control;
    return request.lcf.policy.client_control &&
           (control.no_cache || control.max_age || control.min_fresh);
}

// By the origin, the location, or the client.
bool is_allowed(const Request &request, const cache::Entry &stale,
                StaleCause cause, WallTime now)
{
    const cache::Policy &policy = request.lcf.policy;
    return may_be_stale(stale, cause, policy, now) ||
           is_stale_accepted(stale, cause, request.facts.control, policy, now);
}

// Since it was found, perhaps.
bool is_purged(const Request &request, const Hit &found)
{
    const Reason reason = judge(request, found);
    return reason != Reason::none && reason != Reason::soft_purged;
}

// Of the last attempt, also where nginx has made up an answer since.
ngx_uint_t final_status(const ngx_http_request_t *r)
{
    const ngx_http_upstream_t *u = r->upstream;
    if (u != nullptr && u->state != nullptr && u->state->status != 0) {
        return u->state->status;
    }
    return r->err_status != 0 ? static_cast<ngx_uint_t>(r->err_status)
                              : r->headers_out.status;
}

} // namespace

bool use_stale(Request &request, StaleCause cause)
{
    const WallTime now = ngx::wall_now();
    if (!request.stale || wants_fresh(request) ||
        !is_allowed(request, request.stale->entry, cause, now) ||
        is_purged(request, *request.stale)) {
        return false;
    }
    request.hit.emplace(std::move(*request.stale));
    request.hit->age = current_age(request.hit->entry.times, now);
    request.stale.reset();
    request.status = cause == cache::kStaleUpdating ? Status::updating
                                                    : Status::stale;
    request.reason = Reason::none;
    return true;
}

std::optional<StaleCause> origin_failure(const ngx_http_request_t *r)
{
    const ngx_uint_t status = final_status(r);
    const bool has_answered = r->upstream != nullptr &&
                              r->upstream->headers_in.status_n == status;
    switch (status) {
    case NGX_HTTP_INTERNAL_SERVER_ERROR:
        return cache::kStale500;
    case NGX_HTTP_BAD_GATEWAY:
        return has_answered ? cache::kStale502 : cache::kStaleError;
    case NGX_HTTP_SERVICE_UNAVAILABLE:
        return cache::kStale503;
    case NGX_HTTP_GATEWAY_TIME_OUT:
        return has_answered ? cache::kStale504 : cache::kStaleTimeout;
    case NGX_HTTP_FORBIDDEN:
        return cache::kStale403;
    case NGX_HTTP_NOT_FOUND:
        return cache::kStale404;
    case NGX_HTTP_TOO_MANY_REQUESTS:
        return cache::kStale429;
    default:
        return std::nullopt;
    }
}

bool replace_error_page(ngx_http_request_t *r, Request &request)
{
    const auto cause = request.stale ? origin_failure(r) : std::nullopt;
    if (!cause || !use_stale(request, *cause)) {
        return false;
    }
    note_failure(request);
    r->err_status = 0;
    return true;
}

} // namespace edge::flow
