// Something stale is sent in place of a fetch that is over a limit
// (edge_limit ... on=miss stale).
#pragma once

#include "flow/limit_round.h"
#include "ngx/nginx.h"

namespace edge::flow {

// For a round that refuses: true when every limit that does allows it, there is
// something, and it may be sent. It is Request::hit then.
bool use_stale_instead(ngx_http_request_t *r, const LimitRound &round);

} // namespace edge::flow
