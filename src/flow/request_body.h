// edge_cache_body_key: the body is read before the key is made.
#pragma once

#include <optional>
#include <string_view>

#include "conf/location.h"
#include "ngx/nginx.h"

namespace edge::flow {

// The location keys by the body of such a request, and it has not been read.
bool needs_body(ngx_http_request_t *r, const conf::Location &lcf);

// Reads it; the phases go on when it is there. What PRECONTENT returns.
ngx_int_t read_body(ngx_http_request_t *r);

// A method and what identifies the request's body: its bytes and the fields
// that say how to read them (RFC 10008 2.7). In r->pool. nullopt: the body is
// larger than client_body_buffer_size, or a QUERY does not say its type.
std::optional<std::string_view> method_and_body(ngx_http_request_t *r);

} // namespace edge::flow
