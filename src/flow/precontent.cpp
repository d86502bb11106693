#include "flow/precontent.h"

#include <algorithm>

#include "flow/hit.h"
#include "flow/memory_lookup.h"
#include "flow/redis_lookup.h"
#include "flow/request.h"
#include "ngx/clock.h"
#include "ngx/guard.h"
#include "ngx/headers.h"
#include "ngx/text.h"

namespace edge::flow {

namespace {

using cache::Reason;
using cache::Status;

cache::RequestFacts facts_of(ngx_http_request_t *r, http::Fields fields)
{
    const bool has_body =
        r->headers_in.content_length_n > 0 || r->headers_in.chunked;
    return cache::request_facts(ngx::view(r->method_name), has_body, fields);
}

bool is_bypassed(ngx_http_request_t *r, conf::Location &lcf)
{
    return std::any_of(lcf.bypass.value.begin(), lcf.bypass.value.end(),
                       [r](ngx::Value *value) {
                           return ngx::is_true(ngx::evaluate(r, *value));
                       });
}

// Passes on a request that the cache has no part in.
ngx_int_t bypass(Request &request, Reason reason)
{
    request.status = Status::bypass;
    request.refuse(reason);
    return NGX_DECLINED;
}

// The API answers, and its answer may be stored.
ngx_int_t fill(ngx_http_request_t *r, Request &request)
{
    request.may_fill = true;
    request.requested = ngx::wall_now();
    request.ticket = request.zone().ticket();
    request.hidden = hide_range_and_conditions(r);
    return NGX_DECLINED;
}

void look_in_memory(ngx_http_request_t *r, Request &request)
{
    const std::int64_t start = ngx::monotonic_micros();
    request.hit = find_in_memory(r, request);
    request.zone().counters().observe(cache::Tier::memory,
                                      ngx::monotonic_micros() - start);
}

ngx_int_t serve(ngx_http_request_t *r, Request &request)
{
    request.status = Status::hit;
    request.reason = Reason::none;
    request.zone().counters().hit(request.hit->tier);
    r->content_handler =
        ngx::guard<&send_hit, NGX_HTTP_INTERNAL_SERVER_ERROR>;
    return NGX_OK;
}

// What comes of the lookups.
ngx_int_t conclude(ngx_http_request_t *r, Request &request)
{
    if (request.hit) {
        return serve(r, request);
    }
    request.status = Status::miss;
    return fill(r, request);
}

// The flow has ended: the phases go on behind this handler, which is called
// once more and concludes.
void resume_phases(void *data)
{
    auto *r = static_cast<ngx_http_request_t *>(data);
    ngx_connection_t *connection = r->connection;
    r->read_event_handler = ngx_http_block_reading;
    r->write_event_handler = ngx_http_core_run_phases;
    ngx_http_set_log_request(connection->log, r);
    ngx_http_core_run_phases(r);
    ngx_http_run_posted_requests(connection);
}

// Nothing but the flow and the client's end moves the request from here.
ngx_int_t suspend(ngx_http_request_t *r)
{
    r->read_event_handler = ngx_http_test_reading;
    r->write_event_handler = ngx_http_request_empty_handler;
    // The client may have gone before that handler was set.
    ngx_connection_t *connection = r->connection;
    if (connection->read->ready) {
        ngx_post_event(connection->read, &ngx_posted_events);
    }
    return NGX_AGAIN;
}

ngx_int_t look_further(ngx_http_request_t *r, Request &request)
{
    ngx::Flow &flow = begin_flow(r, request);
    if (flow.run(find_in_redis(flow, r, request), &resume_phases, r)) {
        return conclude(r, request);
    }
    request.looked_up = true;
    return suspend(r);
}

// Whether the cache has a part in this request, and which resource it asks
// for.
Reason examine(ngx_http_request_t *r, Request &request)
{
    request.fields = ngx::fields(r->pool, r->headers_in.headers);
    request.facts = facts_of(r, request.fields);

    const Reason reason = admit(request.facts, request.lcf.policy);
    if (reason != Reason::none) {
        return reason;
    }
    auto identified = identify(r, request.lcf, request.zone());
    if (const auto *refused = std::get_if<Reason>(&identified)) {
        return *refused;
    }
    request.identity = std::get<Identity>(identified);
    return Reason::none;
}

ngx_int_t answer(ngx_http_request_t *r, Request &request)
{
    const Reason reason = examine(r, request);
    if (reason != Reason::none) {
        return bypass(request, reason);
    }
    if (is_bypassed(r, request.lcf)) {
        request.status = Status::bypass;
        request.refuse(Reason::bypass_directive);
        return fill(r, request);
    }

    look_in_memory(r, request);
    if (!request.hit && request.zone().redis() != nullptr) {
        return look_further(r, request);
    }
    return conclude(r, request);
}

// A redirect after the origin was asked shows something else than what the
// key names: an error page, or what X-Accel-Redirect points to.
bool has_been_answered(const ngx_http_request_t *r)
{
    return r->upstream != nullptr || r->err_status != 0;
}

// A redirect leads to another location, with rules of its own.
void leave(ngx_http_request_t *r, Request &earlier)
{
    earlier.status = Status::none;
    earlier.may_fill = false;
    if (earlier.hidden != nullptr) {
        restore_headers(r, *earlier.hidden);
    }
}

} // namespace

ngx_int_t on_precontent(ngx_http_request_t *r)
{
    if (r != r->main) {
        return NGX_DECLINED;
    }
    if (Request *earlier = find_request(r)) {
        if (std::exchange(earlier->looked_up, false)) {
            return conclude(r, *earlier);
        }
        leave(r, *earlier);
    }

    conf::Location &lcf = conf::location(r);
    if (lcf.zone.value == nullptr) {
        return NGX_DECLINED;
    }
    Request &request = make_request(r, lcf);
    if (has_been_answered(r)) {
        return bypass(request, Reason::error_page);
    }
    return answer(r, request);
}

} // namespace edge::flow
