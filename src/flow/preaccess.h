// The first station: limits that protect what decides about access.
#pragma once

#include "ngx/nginx.h"

namespace edge::flow {

// PREACCESS: edge_limit ... phase=preaccess.
ngx_int_t on_preaccess(ngx_http_request_t *r);

} // namespace edge::flow
