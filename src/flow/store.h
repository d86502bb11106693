// A whole answer goes into the cache.
#pragma once

#include "flow/fill.h"
#include "flow/request.h"
#include "ngx/nginx.h"

namespace edge::flow {

// The fill of `request` is complete, or turns out not to be.
void store_fill(ngx_http_request_t *r, Request &request);

// An answer of which nobody wants more than the header.
cache::Reason store_header(ngx_http_request_t *r, Request &request,
                           FillPlan &plan);

// request.stale once more, under the header that a 304 has made of it.
void store_refresh(ngx_http_request_t *r, Request &request, FillPlan &plan);

} // namespace edge::flow
