// Fetching again what a client has just been given, for nobody: in the
// background, by a request of our own.
#pragma once

#include "flow/request.h"
#include "ngx/nginx.h"

namespace edge::flow {

// Whether there is a way to.
bool can_refresh(const ngx_http_request_t *r);

// For a hit, before its content handler: starts a refresh if it is due and
// nobody else fetches the object.
void refresh_if_due(ngx_http_request_t *r, Request &request);

// Whether the refresh `request`, which knows who it is by now, would fill what
// it was started for.
bool fills_the_same(ngx_http_request_t *r, Request &request);

} // namespace edge::flow
