// What is stored is sent although it is too old (RFC 5861,
// edge_cache_use_stale).
#pragma once

#include <optional>

#include "cache/policy.h"
#include "flow/request.h"
#include "ngx/nginx.h"

namespace edge::flow {

// request.stale becomes request.hit, if that is allowed now for that cause:
// by the origin, the location, and purges since it was found.
bool use_stale(Request &request, cache::StaleCause cause);

// In what way the origin has failed whose answer is about to be sent, or
// redirected to an error page; nullopt: it has not.
std::optional<cache::StaleCause> origin_failure(const ngx_http_request_t *r);

// After a redirect: true when request.hit is sent instead of the error page.
bool replace_error_page(ngx_http_request_t *r, Request &request);

} // namespace edge::flow
