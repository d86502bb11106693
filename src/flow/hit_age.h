// How old a hit is, as its client is told.
#pragma once

#include "flow/request.h"
#include "ngx/nginx.h"

namespace edge::flow {

// Adds Age, to what replay() has made. Under edge_cache_age_header off, where
// clients are told a shorter lifetime than it has here (RFC 9213 2.3): Date and
// Expires as of now, without Age.
void tell_age(ngx_http_request_t *r, const conf::Location &lcf,
              const Hit &hit);

} // namespace edge::flow
