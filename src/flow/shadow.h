// edge_cache ZONE shadow: clients get the origin's answers, as if there was no
// cache. What it would have answered is counted, and compared with them.
#pragma once

#include "flow/request.h"
#include "ngx/nginx.h"

namespace edge::flow {

// After the lookup: a hit becomes request.shadow, and the origin is asked. What
// it says to others is stored, unless they want a part of it or have
// conditions: in shadow mode no request is changed.
void step_aside(ngx_http_request_t *r, Request &request);

// The origin's header, as it is sent on.
void begin_comparison(ngx_http_request_t *r, Request &request);

// Its body; the last buffer decides.
void compare(ngx_http_request_t *r, Request &request, const ngx_chain_t *in);

// What the hit would have saved.
void count_shadow(const ngx_http_request_t *r, const Request &request);

} // namespace edge::flow
