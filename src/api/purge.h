// POST purge: what it names is not served any more once 200 is answered.
#pragma once

#include "ngx/nginx.h"

namespace edge::api {

ngx_int_t post_purge(ngx_http_request_t *r);

} // namespace edge::api
