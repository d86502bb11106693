// Who waits for a fill gets its answer while it arrives.
#pragma once

#include "flow/request.h"
#include "ngx/nginx.h"

namespace edge::flow {

// Before the first byte of the body, `in`, is taken: where others may wait for
// it, and there is more to come.
void begin_arrival(ngx_http_request_t *r, Request &request,
                   const ngx_chain_t *in);

} // namespace edge::flow
