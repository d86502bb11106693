#include "flow/precontent.h"

#include <algorithm>

#include "flow/hit.h"
#include "flow/memory_lookup.h"
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

std::optional<Hit> look_up(ngx_http_request_t *r, Request &request)
{
    const std::int64_t start = ngx::monotonic_micros();
    std::optional<Hit> hit = find_in_memory(r, request);
    shm::Counters &counters = request.zone().counters();
    counters.lookups[static_cast<std::size_t>(cache::Tier::memory)].observe(
        ngx::monotonic_micros() - start);
    return hit;
}

ngx_int_t serve(ngx_http_request_t *r, Request &request, Hit hit)
{
    request.status = Status::hit;
    request.reason = Reason::none;
    request.zone()
        .counters()
        .hits[static_cast<std::size_t>(hit.tier)]
        .add();
    request.hit.emplace(std::move(hit));
    r->content_handler =
        ngx::guard<&send_hit, NGX_HTTP_INTERNAL_SERVER_ERROR>;
    return NGX_OK;
}

ngx_int_t answer(ngx_http_request_t *r, Request &request)
{
    request.fields = ngx::fields(r->pool, r->headers_in.headers);
    request.facts = facts_of(r, request.fields);

    Reason reason = admit(request.facts, request.lcf.policy);
    if (reason != Reason::none) {
        return bypass(request, reason);
    }
    auto identified = identify(r, request.lcf, request.zone());
    if (const auto *refused = std::get_if<Reason>(&identified)) {
        return bypass(request, *refused);
    }
    request.identity = std::get<Identity>(identified);

    if (is_bypassed(r, request.lcf)) {
        request.status = Status::bypass;
        request.refuse(Reason::bypass_directive);
        return fill(r, request);
    }
    if (std::optional<Hit> hit = look_up(r, request)) {
        return serve(r, request, std::move(*hit));
    }
    request.status = Status::miss;
    return fill(r, request);
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
    conf::Location &lcf = conf::location(r);
    if (r != r->main) {
        return NGX_DECLINED;
    }

    if (Request *earlier = find_request(r)) {
        leave(r, *earlier);
    }
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
