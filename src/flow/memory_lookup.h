// The synchronous way to a hit: no coroutine, no allocation but the answer's.
#pragma once

#include "flow/request.h"
#include "ngx/nginx.h"

namespace edge::flow {

// Takes what is stored for `request`: see take_stored().
void find_in_memory(ngx_http_request_t *r, Request &request);

// What it would take, for onlookers: no use of it.
std::optional<Hit> peek_in_memory(ngx_http_request_t *r, Request &request);

} // namespace edge::flow
