#include "flow/request.h"

#include "ngx/guard.h"
#include "ngx/pool.h"

namespace edge::flow {

namespace {

void cancel_flow(void *request)
{
    static_cast<Request *>(request)->flow.reset();
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
    ngx_http_set_ctx(r, request, ngx_http_edge_cache_module);
    return request;
}

Request &make_request(ngx_http_request_t *r, conf::Location &lcf)
{
    auto *request = ngx::pool_new<Request>(r->pool, lcf);
    ngx_http_set_ctx(r, request, ngx_http_edge_cache_module);
    return *request;
}

ngx::Flow &begin_flow(ngx_http_request_t *r, Request &request)
{
    ngx_http_cleanup_t *cleanup = ngx_http_cleanup_add(r, 0);
    if (cleanup == nullptr) {
        throw std::bad_alloc();
    }
    cleanup->data = &request;
    cleanup->handler = ngx::guard<&cancel_flow>;
    return request.flow.emplace(r->pool);
}

} // namespace edge::flow
