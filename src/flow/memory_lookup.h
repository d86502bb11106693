// The synchronous way to a hit: no coroutine, no allocation but the answer's.
#pragma once

#include <optional>

#include "flow/request.h"
#include "ngx/nginx.h"

namespace edge::flow {

// The stored object that may answer `request` now. Without one, `request` has
// the reason if there was something that could not be used.
std::optional<Hit> find_in_memory(ngx_http_request_t *r, Request &request);

} // namespace edge::flow
