// The check that auth_request makes of a request, answered from memory.
//
// nginx makes a subrequest of which only the header is asked for. Where its
// location has an edge_cache of its own, what the service said of the same
// request's credentials is used again. Only memory has it, and unless the
// operator says so nothing stale is used: whoever is in doubt asks the service.
#pragma once

#include "ngx/nginx.h"

namespace edge::flow {

// PRECONTENT of a subrequest: answers it, or lets it go on as it would.
ngx_int_t begin_auth_check(ngx_http_request_t *r);

// The header filter of a subrequest: what the service says may be stored, or it
// has failed.
void end_auth_check(ngx_http_request_t *r);

} // namespace edge::flow
