#include "flow/request.h"

#include "cache/hit_for_miss.h"
#include "flow/fill.h"
#include "flow/stale.h"
#include "flow/unsafe_method.h"
#include "ngx/guard.h"
#include "ngx/pool.h"

namespace edge::flow {

namespace {

// nginx has taken the request elsewhere (a redirect, an error page, a filter
// that gave up): what is sent from now on is not what the key names.
void leave(ngx_http_request_t *r, Request &request)
{
    if (request.hit || request.status == cache::Status::none) {
        return;
    }
    request.status = cache::Status::bypass;
    request.may_fill = false;
    request.refuse(cache::Reason::error_page);
    request.end_fill();
    request.end_role(cache::Reason::error_page, 0);
    // The next location takes one itself.
    request.turn.reset();
    if (!origin_failure(r)) {
        request.stale.reset();
    }
    if (request.written) {
        ngx::guard<&leave_written>(r, request);
    }
    if (request.hidden != nullptr) {
        restore_headers(r, *request.hidden);
    }
}

} // namespace

Request *find_request(ngx_http_request_t *r)
{
    if (r != r->main) {
        return nullptr;
    }
    if (void *known =
            ngx_http_get_module_ctx(r, ngx_http_edge_cache_module)) {
        return static_cast<Request *>(known);
    }
    if (!r->internal && !r->filter_finalize) {
        return nullptr;
    }

    auto *request = ngx::pool_find<Request>(r->pool);
    if (request != nullptr) {
        leave(r, *request);
    }
    ngx_http_set_ctx(r, request, ngx_http_edge_cache_module);
    return request;
}

void Request::end_fill()
{
    if (fill && !fill_ended) {
        fill_ended = true;
        fill->break_off_arrival();
        zone().counters().fills_aborted.add();
    }
}

const std::string &selectors_of(Request &request)
{
    std::string &own = request.own_selectors;
    if (own.empty()) {
        own = invalidate::selectors_of_request(names_of(*request.identity));
    }
    return own;
}

void Request::end_role(cache::Reason why, std::uint16_t status_code)
{
    if (!role) {
        return;
    }
    const Millis time = cache::hit_for_miss_time(why, status_code);
    if (why == cache::Reason::none) {
        role->end_stored();
    } else if (may_be_in_redis(why) && zone().redis() != nullptr) {
        role->end_in_redis(time, why);
    } else {
        role->end_refused(time, why);
    }
    role.reset();
}

Request &make_request(ngx_http_request_t *r, conf::Location &lcf)
{
    auto *request = ngx::pool_new<Request>(r->pool, lcf);
    ngx_http_set_ctx(r, request, ngx_http_edge_cache_module);
    return *request;
}

} // namespace edge::flow
