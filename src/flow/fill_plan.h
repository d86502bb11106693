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

} // namespace edge::flow
