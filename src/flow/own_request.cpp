#include "flow/own_request.h"

#include <utility>

#include "flow/collapse.h"
#include "flow/examine.h"
#include "flow/fetch_limit.h"
#include "flow/memory_lookup.h"
#include "flow/origin.h"
#include "flow/own_route.h"
#include "flow/pending.h"
#include "flow/query.h"
#include "flow/refresh.h"
#include "flow/shared_fill.h"
#include "flow/warm_request.h"

namespace edge::flow {

namespace {

using cache::Reason;
using cache::Status;

ngx::Task look_further(ngx::Flow &flow, ngx_http_request_t *r, Request &request)
{
    if (request.awaited) {
        co_await wait_for_fill(flow, r, request);
    } else {
        co_await look_in_redis(flow, r, request);
    }
}

ngx_int_t look_on(ngx_http_request_t *r, Request &request)
{
    if (request.hit || (!request.awaited && !may_look_in_redis(request))) {
        return conclude_own(r, request);
    }
    Pending &pending = make_pending(r);
    const ngx_int_t rc =
        pending.run(r, look_further(pending.flow(), r, request));
    return rc == NGX_AGAIN ? rc : conclude_own(r, request);
}

// False: somebody else fetches it, or did a moment ago to no avail. Behind the
// lookup before it another one may have stored it.
bool take_role(ngx_http_request_t *r, Request &request)
{
    auto role = lead_refresh(request);
    if (!role) {
        return false;
    }
    request.role.emplace(std::move(*role));
    find_in_memory(r, request);
    return true;
}

// What memory has is asked about, unless it is newer than what was to be
// fetched again.
ngx_int_t begin_refresh(ngx_http_request_t *r, Request &request)
{
    Reason reason = examine(r, request);
    if (reason == Reason::none && !fills_the_same(r, request)) {
        reason = Reason::refresh_identity;
        if (request.role) {
            note_needs_client(request);
        }
    }
    if (reason != Reason::none) {
        request.refuse(reason);
        request.end_role(reason, 0);
        return NGX_ERROR;
    }
    request.status = Status::miss;
    request.may_fill = true;
    find_in_memory(r, request);
    if (!request.hit && !request.role && !take_role(r, request)) {
        request.reason = Reason::none; // it is not what was found
        return NGX_ERROR;
    }
    return look_on(r, request);
}

// As a client's request, but for what is stale: that is not there.
ngx_int_t begin_warm(ngx_http_request_t *r, Request &request)
{
    if (!request.lcf.query.value.empty()) {
        rewrite_query(r, request.lcf);
    }
    Reason reason = examine(r, request);
    if (reason == Reason::none && !is_for_its_tenant(request)) {
        reason = Reason::warm_tenant;
    }
    request.status = reason == Reason::none ? Status::miss : Status::bypass;
    if (reason != Reason::none) {
        request.refuse(reason);
        return NGX_ERROR;
    }
    request.may_fill = true;
    if (const Reason skipped = skips_lookup(r, request);
        skipped != Reason::none) {
        request.refuse(skipped);
        return conclude_own(r, request);
    }
    find_in_memory(r, request);
    if (!request.hit) {
        join_fill(r, request);
    }
    return look_on(r, request);
}

// nginx has led it elsewhere. What is to be fetched again was something else;
// what is to be warmed is what its URL leads to, until the origin was asked.
ngx_int_t follow(ngx_http_request_t *r, Request &left)
{
    if (!left.warm || has_been_answered(r)) {
        return NGX_ERROR;
    }
    conf::Location &lcf = conf::location(r);
    if (!can_fill(lcf)) {
        left.reason = Reason::not_cached;
        return NGX_ERROR;
    }
    Request &request = make_request(r, lcf);
    request.given = left.given;
    request.warm = left.warm;
    return begin_warm(r, request);
}

} // namespace

ngx_int_t begin_own(ngx_http_request_t *r, Request &request)
{
    if (request.status != Status::none) {
        return follow(r, request);
    }
    return request.warm ? begin_warm(r, request) : begin_refresh(r, request);
}

ngx_int_t conclude_own(ngx_http_request_t *r, Request &request)
{
    if (request.hit) {
        return NGX_ERROR;
    }
    switch (take_own_turn(request)) {
    case Turn::go:
        break;
    case Turn::wait: {
        Pending &pending = make_pending(r);
        const ngx_int_t rc =
            pending.run(r, wait_for_turn(pending.flow(), request));
        return rc == NGX_AGAIN ? rc : conclude_own(r, request);
    }
    default:
        return NGX_ERROR;
    }
    prepare_fill(r, request);
    return NGX_DECLINED;
}

} // namespace edge::flow
