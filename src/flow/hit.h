// Answering from a stored object.
#pragma once

#include "flow/request.h"
#include "ngx/nginx.h"

namespace edge::flow {

// Content handler of a request with a hit: 200, 304, or part of it by range.
ngx_int_t send_hit(ngx_http_request_t *r);

} // namespace edge::flow
