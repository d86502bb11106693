// GET and DELETE limits?zone=Z&key=K[&tag=T]: how a key stands, a fresh start
// for it.
#pragma once

#include "ngx/nginx.h"

namespace edge::api {

ngx_int_t handle_limits(ngx_http_request_t *r);

} // namespace edge::api
