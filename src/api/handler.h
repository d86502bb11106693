// edge_api: the routes below its location.
#pragma once

#include "ngx/nginx.h"

namespace edge::api {

// Content handler.
ngx_int_t handle(ngx_http_request_t *r);

} // namespace edge::api
