// One fetch for all instances: who leads in this one looks whether another is
// at it already.
#pragma once

#include "flow/request.h"
#include "ngx/nginx.h"
#include "ngx/task.h"

namespace edge::flow {

// Until there is a hit, or the request has to ask the API.
ngx::Task look_in_redis(ngx::Flow &flow, ngx_http_request_t *r,
                        Request &request);

} // namespace edge::flow
