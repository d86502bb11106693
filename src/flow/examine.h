// Whether the cache has a part in a request, and which resource it asks for.
#pragma once

#include "cache/reason.h"
#include "flow/request.h"
#include "ngx/nginx.h"

namespace edge::flow {

// Gives it its identity, unless there is a reason against it.
cache::Reason examine(ngx_http_request_t *r, Request &request);

// Of one that has an identity: why nothing stored answers it all the same.
cache::Reason skips_lookup(ngx_http_request_t *r, const Request &request);

} // namespace edge::flow
