// One fetch for all who ask for the same: whoever comes while it is under way
// waits for its answer.
#pragma once

#include "flow/request.h"
#include "ngx/nginx.h"
#include "ngx/task.h"

namespace edge::flow {

// For a miss: it gets a part in fetching, or another's fill to wait for
// (request.awaited).
void join_fill(ngx_http_request_t *r, Request &request);

// Until there is a hit, or the request has to ask the API itself. Looks into
// Redis, too, once it is its turn.
ngx::Task wait_for_fill(ngx::Flow &flow, ngx_http_request_t *r,
                        Request &request);

} // namespace edge::flow
