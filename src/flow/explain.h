// The api's route `explain`: what a request would find if it came now.
#pragma once

#include "ngx/nginx.h"

namespace edge::flow {

ngx_int_t answer_explain(ngx_http_request_t *r);

} // namespace edge::flow
