// What clients see of a response differs from what the origin sent.
#pragma once

#include "flow/request.h"
#include "ngx/nginx.h"

namespace edge::flow {

// Takes out what the origin said to this hop alone: Edge-Cache-Control, what
// its Connection names, which nginx would pass on, and tags unless the location
// shows them.
void hide_own_fields(ngx_http_request_t *r, const conf::Location &lcf);

// What must not be transformed is not compressed either (RFC 9110 7.7).
void obey_no_transform(ngx_http_request_t *r);

// edge_cache_status_header: adds this cache's member of Cache-Status (RFC
// 9211), unless the response is one that nginx makes itself.
void add_cache_status(ngx_http_request_t *r, const Request &request);

} // namespace edge::flow
