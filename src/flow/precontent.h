// The station before the content handler: answer from the cache, or let the
// API answer and watch it.
#pragma once

#include "ngx/guard.h"
#include "ngx/nginx.h"

namespace edge::flow {

// PRECONTENT: every access check has passed, and a hit can overtake none.
ngx_int_t on_precontent(ngx_http_request_t *r);

// As nginx has it among its phases.
inline constexpr ngx_http_handler_pt kOnPrecontent =
    ngx::guard<&on_precontent, NGX_DECLINED>;

} // namespace edge::flow
