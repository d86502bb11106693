// Answering from a stored object.
#pragma once

#include "flow/request.h"
#include "ngx/nginx.h"

namespace edge::flow {

// Content handler of a request with a hit: 200, 304, or part of it by range.
ngx_int_t send_hit(ngx_http_request_t *r);

// What it begins with: returns as ngx_http_send_header() does.
ngx_int_t send_hit_header(ngx_http_request_t *r, const Request &request);

// The parts of it, for whoever answers from within a filter: the header into
// r->headers_out, a 304 if the client's conditions say so; and the body.
void make_header(ngx_http_request_t *r, const Request &request);
ngx_chain_t *make_body(ngx_http_request_t *r, const Hit &hit);

} // namespace edge::flow
