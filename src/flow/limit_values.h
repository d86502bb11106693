// The limits of a location for one request: conditions, keys and figures.
#pragma once

#include <vector>

#include "conf/location.h"
#include "flow/limit_round.h"

namespace edge::flow {

// Those that apply: without a true if= or with an empty key a limit does not,
// and is counted as exempt. A figure that cannot be read is logged, and the
// usual one counts; an empty one is the usual one.
std::vector<AppliedLimit> evaluate_limits(ngx_http_request_t *r,
                                          conf::Location &lcf,
                                          conf::LimitPoint point);

// What a limit costs that is charged by the answer, once that has ended. Here
// an empty cost is none.
std::int64_t evaluate_answer_cost(ngx_http_request_t *r,
                                  const AppliedLimit &limit);

} // namespace edge::flow
