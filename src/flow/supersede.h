// A newer answer that is not stored, and the older one that is.
#pragma once

#include "flow/request.h"
#include "ngx/nginx.h"

namespace edge::flow {

// The header of the answer to `request`, of that status, has been refused for
// `why`: forgets what is stored when the origin's word takes it back.
void forget_outdated(ngx_http_request_t *r, Request &request,
                     std::uint16_t status, cache::Reason why);

// Forgets what is stored of the resource, or of its variant for this request.
// On this instance and in Redis; what others have in memory stays.
void forget_stored(ngx_http_request_t *r, Request &request);

} // namespace edge::flow
