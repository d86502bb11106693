// A detached request that asks for the same as a client's does.
#pragma once

#include "ngx/nginx.h"

namespace edge::ngx {

// To `copy`, which is detached: the method, URI, header fields, location,
// variables and place in the phases of `r`, which is behind its access phase.
// Everything is copied, `r` may end first. Left out is what belongs to the
// client's connection or to the part of an answer it wants, and the state of
// other modules. False: nginx had no memory, and has ended `copy`.
bool copy_request(ngx_http_request_t *copy, ngx_http_request_t *r);

} // namespace edge::ngx
