// The station of a request without a client, in PRECONTENT: it fetches again
// what clients were given (flow/refresh), or what will be asked for
// (flow/warm). Access was checked for the client of the former, and limits are
// for clients.
#pragma once

#include "flow/request.h"
#include "ngx/nginx.h"

namespace edge::flow {

// NGX_DECLINED: the origin is asked. NGX_ERROR: there is nothing to fetch, and
// nginx ends it.
ngx_int_t begin_own(ngx_http_request_t *r, Request &request);

// The same, once what it waited for is known.
ngx_int_t conclude_own(ngx_http_request_t *r, Request &request);

} // namespace edge::flow
