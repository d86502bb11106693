// What a client is told of its limits, whether it kept them or not.
#pragma once

#include "ngx/nginx.h"

namespace edge::flow {

// Ends a phase for a request that check_limits() refuses: return what it
// returns. An error_page for the status wins, then edge_limit_body.
ngx_int_t refuse_request(ngx_http_request_t *r);

// The same before the access phase, which the request never enters.
ngx_int_t refuse_before_access(ngx_http_request_t *r);

// Header filter, for every main request once what is stored of the answer has
// been settled: RateLimit and its kin, and for a refusal, whatever answers it
// in the end, Retry-After and Cache-Control: no-store.
void add_limit_fields(ngx_http_request_t *r);

} // namespace edge::flow
