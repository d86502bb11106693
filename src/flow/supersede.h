// A newer answer that is not stored, and the older one that is.
#pragma once

#include "flow/request.h"
#include "ngx/nginx.h"

namespace edge::flow {

// The header of the answer to `request` has been refused for `why`: forgets
// what is stored of the resource, or of its variant for this request, when the
// origin's word takes it back. On this instance and in Redis; what others have
// in memory stays.
void forget_outdated(ngx_http_request_t *r, Request &request,
                     cache::Reason why);

} // namespace edge::flow
