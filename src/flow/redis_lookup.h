// The way to a hit in the shared tier: one round trip where memory knows the
// resource's Vary, or it has none; two the first time otherwise.
#pragma once

#include "flow/request.h"
#include "ngx/nginx.h"
#include "ngx/task.h"

namespace edge::flow {

// Sets request.hit, or gives request the reason why there is none. What was
// found is kept in memory too.
ngx::Task find_in_redis(ngx::Flow &flow, ngx_http_request_t *r,
                        Request &request);

} // namespace edge::flow
