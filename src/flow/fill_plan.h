// What the header of an answer decides: whether it is stored, and as what.
#pragma once

#include <variant>

#include "flow/fill.h"
#include "flow/request.h"
#include "ngx/nginx.h"

namespace edge::flow {

// Looks at the header that is about to be sent for a request that may fill.
std::variant<FillPlan, cache::Reason> plan_fill(ngx_http_request_t *r,
                                                const Request &request);

// The same of a check, whose header is all that is wanted: the upstream's own
// (flow/auth_check).
std::variant<FillPlan, cache::Reason> plan_auth_check(ngx_http_request_t *r,
                                                      const Request &request);

// The same for the 304 to the question about request.stale.
std::variant<FillPlan, cache::Reason> plan_refresh(ngx_http_request_t *r,
                                                   const Request &request);

// The header that this 304 makes of it for the client, stored or not: as
// Entry's fields.
std::string confirmed_fields(ngx_http_request_t *r, const Request &request);

} // namespace edge::flow
