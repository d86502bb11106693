// The station before the content handler: answer from the cache, or let the
// API answer and watch it.
#pragma once

#include "ngx/nginx.h"

namespace edge::flow {

// PRECONTENT: every access check has passed, and a hit can overtake none.
ngx_int_t on_precontent(ngx_http_request_t *r);

} // namespace edge::flow
