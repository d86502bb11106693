// The limits of a location for one request: conditions, keys and figures.
#pragma once

#include <vector>

#include "flow/limit_check.h"

namespace edge::flow {

// Those that apply: without a true if= or with an empty key a limit does not,
// and is counted as exempt. A figure that cannot be read is logged, and the
// usual one counts; an empty one is the usual one.
std::vector<AppliedLimit> evaluate_limits(ngx_http_request_t *r,
                                          conf::Location &lcf);

} // namespace edge::flow
