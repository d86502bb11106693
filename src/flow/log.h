// After the response: what it was is counted.
#pragma once

#include "ngx/nginx.h"

namespace edge::flow {

ngx_int_t on_log(ngx_http_request_t *r);

} // namespace edge::flow
