// Answering from an object that still arrives.
#pragma once

#include "ngx/nginx.h"

namespace edge::flow {

// Content handler of a request with a hit of which not all is there.
ngx_int_t send_arriving(ngx_http_request_t *r);

} // namespace edge::flow
