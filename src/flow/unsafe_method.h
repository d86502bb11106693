// Requests that may have changed something: what is stored of it is
// invalidated when the origin says that it did (RFC 9111 4.4).
#pragma once

#include "flow/request.h"
#include "ngx/nginx.h"

namespace edge::flow {

// Before the origin is asked: what the request is about.
void note_unsafe_method(ngx_http_request_t *r, Request &request);

// The header is about to be sent: before the client can know, nothing older is
// served here any more.
void invalidate_written(ngx_http_request_t *r, Request &request);

// nginx leads the request elsewhere. What the origin has answered here counts;
// another may answer where it has failed, if it is asked the same.
void leave_written(ngx_http_request_t *r, Request &request);

} // namespace edge::flow
