// Before and after the origin is asked.
#pragma once

#include "flow/request.h"
#include "ngx/nginx.h"

namespace edge::flow {

// A redirect after that shows something else than what the key names: an error
// page, or what X-Accel-Redirect points to.
bool has_been_answered(const ngx_http_request_t *r);

// It is about to be, and its answer may be stored.
void prepare_fill(ngx_http_request_t *r, Request &request);

} // namespace edge::flow
