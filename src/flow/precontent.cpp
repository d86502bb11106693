#include "flow/precontent.h"

#include <utility>

#include "flow/auth_check.h"
#include "flow/client_abort.h"
#include "flow/coding.h"
#include "flow/collapse.h"
#include "flow/examine.h"
#include "flow/fetch_limit.h"
#include "flow/hit.h"
#include "flow/hot_requests.h"
#include "flow/limit_answer.h"
#include "flow/limit_check.h"
#include "flow/limit_query.h"
#include "flow/memory_lookup.h"
#include "flow/origin.h"
#include "flow/own_request.h"
#include "flow/pending.h"
#include "flow/purge_method.h"
#include "flow/query.h"
#include "flow/reading_body.h"
#include "flow/refresh.h"
#include "flow/request.h"
#include "flow/request_body.h"
#include "flow/shadow.h"
#include "flow/shared_fill.h"
#include "flow/stale.h"
#include "ngx/clock.h"
#include "ngx/guard.h"
#include "ngx/headers.h"

namespace edge::flow {

namespace {

using cache::Reason;
using cache::Status;
using conf::LimitPoint;

void look_in_memory(ngx_http_request_t *r, Request &request)
{
    const std::int64_t start = ngx::monotonic_micros();
    find_in_memory(r, request);
    request.zone().counters().observe(cache::Tier::memory,
                                      ngx::monotonic_micros() - start);
    if (request.lcf.shadow.value) {
        step_aside(r, request);
    }
}

// Not asked for often enough to be stored; waiting for others is no use then.
bool is_rare(const Request &request)
{
    const unsigned least = request.lcf.min_uses.value;
    const bool is_known = request.found_expired || request.found_unusable;
    return least > 1 && !is_known &&
           request.zone().count_use(request.identity->resource) < least;
}

// The way through the cache as far as memory knows it; true when there is
// something to wait for: another's fill, or Redis.
bool begin(ngx_http_request_t *r, Request &request)
{
    const bool answered = has_been_answered(r);
    const Target sent = target_of(r);
    if (!answered && !request.lcf.query.value.empty()) {
        rewrite_query(r, request.lcf);
    }
    if (is_purge_method(r, request.lcf)) {
        request.fields = ngx::fields(r->pool, r->headers_in.headers);
        return false;
    }
    const Reason reason = answered ? Reason::error_page : examine(r, request);
    if (request.lcf.shadow.value) {
        restore_target(r, sent);
    }
    if (reason != Reason::none) {
        request.status = Status::bypass;
        request.refuse(reason);
        return false;
    }
    request.may_fill = true;
    if (const Reason skipped = skips_lookup(r, request);
        skipped != Reason::none) {
        request.status = Status::bypass;
        request.refuse(skipped);
        if (skipped == Reason::client_control) {
            look_in_memory(r, request);
        }
        return false;
    }
    request.status = Status::miss;
    look_in_memory(r, request);
    if (request.hit || request.shadow) {
        return false;
    }
    if (is_rare(request)) {
        request.may_fill = false;
        request.refuse(Reason::min_uses);
        return may_look_in_redis(request);
    }
    if (request.lcf.shadow.value) {
        return false;
    }
    join_fill(r, request);
    return !request.hit && (request.awaited || may_look_in_redis(request));
}

ngx_int_t go_upstream(ngx_http_request_t *r, Request *request);

ngx_int_t serve(ngx_http_request_t *r, Request &request)
{
    if (!choose_form(r, request)) {
        request.hit.reset();
        request.refuse(Reason::entry_corrupt);
        return go_upstream(r, &request);
    }
    if (request.status == Status::miss) {
        request.status = Status::hit;
    }
    request.reason = Reason::none;
    request.may_fill = false;
    request.stale.reset();
    request.role.reset();
    request.zone().counters().hit(request.hit->tier);
    refresh_if_due(r, request);
    note_hot_request(r, request);
    r->content_handler =
        request.hit->filler
            ? ngx::guard<&send_arriving, NGX_HTTP_INTERNAL_SERVER_ERROR>
            : ngx::guard<&send_hit, NGX_HTTP_INTERNAL_SERVER_ERROR>;
    return NGX_OK;
}

// RFC 9111 5.2.1.7: the client wants a stored answer or none.
bool refuses_others(const Request &request)
{
    return request.facts.control.only_if_cached && !request.lcf.shadow.value &&
           request.reason != Reason::method;
}

ngx_int_t refuse_unstored(Request &request)
{
    request.reason = Reason::only_if_cached;
    request.may_fill = false;
    request.stale.reset(); // the origin has not failed
    return NGX_HTTP_GATEWAY_TIME_OUT;
}

ngx_int_t refuse(ngx_http_request_t *r, Request *request)
{
    if (request != nullptr) {
        request->withdraw();
    }
    return refuse_request(r);
}

ngx_int_t begin_fetch(ngx_http_request_t *r, Request &request)
{
    if (request.lcf.shadow.value) {
        prepare_fill(r, request);
        return NGX_DECLINED;
    }
    switch (take_turn(request)) {
    case Turn::refuse:
        return refuse_busy(r, request);
    case Turn::wait: {
        Pending &pending = make_pending(r);
        const ngx_int_t rc =
            pending.run(r, wait_for_turn(pending.flow(), request));
        return rc == NGX_AGAIN ? rc : begin_fetch(r, request);
    }
    case Turn::stale:
        return serve(r, request);
    case Turn::go:
        break;
    }
    prepare_fill(r, request);
    watch_client(r, request);
    return NGX_DECLINED;
}

// Nothing here answers; the API does, if its own limits allow.
ngx_int_t go_upstream(ngx_http_request_t *r, Request *request)
{
    const LimitVerdict verdict =
        check_limits(r, conf::location(r), LimitPoint::miss);
    if (verdict == LimitVerdict::ask_redis) {
        Pending &pending = make_pending(r);
        const ngx_int_t rc = pending.run(
            r, ask_redis_for_limits(pending.flow(), r, LimitPoint::miss));
        return rc == NGX_AGAIN ? rc : go_upstream(r, request);
    }
    if (verdict == LimitVerdict::refuse) {
        return refuse(r, request);
    }
    if (request == nullptr || !request->may_fill) {
        return NGX_DECLINED;
    }
    return request->hit ? serve(r, *request) : begin_fetch(r, *request);
}

// Limits and lookups have said all they have to say.
ngx_int_t conclude(ngx_http_request_t *r)
{
    Request *request = find_request(r);
    if (request != nullptr && request->is_own()) {
        return conclude_own(r, *request);
    }
    if (check_limits(r, conf::location(r), LimitPoint::request) ==
        LimitVerdict::refuse) {
        return refuse(r, request);
    }
    if (request != nullptr && is_purge_method(r, request->lcf)) {
        r->content_handler =
            ngx::guard<&answer_purge_method, NGX_HTTP_INTERNAL_SERVER_ERROR>;
        return NGX_OK;
    }
    if (request != nullptr && request->hit) {
        return serve(r, *request);
    }
    if (request != nullptr && refuses_others(*request)) {
        return refuse_unstored(*request);
    }
    return go_upstream(r, request);
}

// Where the origin has failed another may answer the same unsafe request.
Request &enter(ngx_http_request_t *r, conf::Location &lcf, Request *left)
{
    Request &request = make_request(r, lcf);
    if (left != nullptr && has_been_answered(r)) {
        request.written = std::move(left->written);
    }
    return request;
}

// Limits and lookup leave for Redis in one write. Only who is within the
// limits waits for another's fill.
ngx::Task look_further(ngx::Flow &flow, ngx_http_request_t *r,
                       LimitCheck *limits, Request *lookup)
{
    std::optional<LimitQuery> query;
    if (limits != nullptr) {
        query.emplace(flow, r, *limits, LimitPoint::request);
        query->send();
    }
    if (lookup != nullptr && !lookup->awaited) {
        co_await look_in_redis(flow, r, *lookup);
    }
    if (query) {
        LimitQuery &sent = *query;
        co_await sent;
    }
    const bool is_refused = limits != nullptr && limits->refusing() != nullptr;
    if (lookup != nullptr && lookup->awaited && !is_refused) {
        co_await wait_for_fill(flow, r, *lookup);
    }
}

} // namespace

ngx_int_t on_precontent(ngx_http_request_t *r)
{
    if (r != r->main) {
        return begin_auth_check(r);
    }
    if (Pending *pending = find_pending(r);
        pending != nullptr && pending->has_resumed()) {
        return conclude(r);
    }
    // After a redirect this takes leave of the location before.
    Request *known = find_request(r);
    if (known != nullptr && known->is_own()) {
        return begin_own(r, *known);
    }
    if (known != nullptr && replace_error_page(r, *known)) {
        return serve(r, *known);
    }

    conf::Location &lcf = conf::location(r);
    const LimitVerdict verdict = check_limits(r, lcf, LimitPoint::request);
    if (verdict == LimitVerdict::refuse) {
        return refuse_request(r);
    }
    if (needs_body(r, lcf)) {
        return read_body(r);
    }
    LimitCheck *limits =
        verdict == LimitVerdict::ask_redis ? find_limit_check(r) : nullptr;

    Request *lookup = nullptr;
    if (lcf.zone.value != nullptr) {
        Request &request = enter(r, lcf, known);
        lookup = begin(r, request) ? &request : nullptr;
    }
    if (limits == nullptr && lookup == nullptr) {
        return conclude(r);
    }

    Pending &pending = make_pending(r);
    const ngx_int_t rc =
        pending.run(r, look_further(pending.flow(), r, limits, lookup));
    return rc == NGX_AGAIN ? rc : conclude(r);
}

} // namespace edge::flow
