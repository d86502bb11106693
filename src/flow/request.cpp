#include "flow/request.h"

#include "ngx/pool.h"

namespace edge::flow {

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

} // namespace edge::flow
