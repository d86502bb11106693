// PURGE of a stored answer, on the location that serves it (edge_cache_purge).
#pragma once

#include "conf/location.h"
#include "ngx/nginx.h"

namespace edge::flow {

// The location knows PURGE, and this is one: the origin does not see it.
bool is_purge_method(ngx_http_request_t *r, const conf::Location &lcf);

// As a content handler.
ngx_int_t answer_purge_method(ngx_http_request_t *r);

} // namespace edge::flow
