// The api's routes warm and warm/ID: what is wanted is fetched before anybody
// asks for it.
#pragma once

#include "ngx/nginx.h"

namespace edge::flow {

ngx_int_t answer_warm(ngx_http_request_t *r);
ngx_int_t answer_warm_job(ngx_http_request_t *r);

} // namespace edge::flow
