// A fill whose client leaves goes on while others wait for it, or when it is
// small: edge_cache_ignore_client_abort.
#pragma once

#include "flow/request.h"
#include "ngx/nginx.h"

namespace edge::flow {

// Before the request goes upstream: from then on it is asked here whether the
// client's leaving ends the fetch, and nginx does so if it does.
void watch_client(ngx_http_request_t *r, Request &request);

// From now on a client that takes nothing for send_timeout has left, too:
// others read what it is sent.
void watch_sending(ngx_http_request_t *r, Request &request);

// For the filters. `rc` is what those behind have said: an error of the
// connection to the client is none where the fill goes on without it.
ngx_int_t survive(ngx_http_request_t *r, Request &request, ngx_int_t rc);

// For the filters, where there is no client (any more), instead of those
// behind: NGX_OK while the fill goes on, and the end of the request after it.
ngx_int_t go_on_alone(ngx_http_request_t *r, Request &request);

} // namespace edge::flow
