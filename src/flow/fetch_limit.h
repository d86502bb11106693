// No more than so many fetches at a time for one upstream:
// edge_cache_fetch_limit.
#pragma once

#include "flow/request.h"
#include "ngx/nginx.h"
#include "ngx/task.h"

namespace edge::flow {

enum class Turn
{
    go, // upstream: it has a turn, needs none, or has waited long enough
    stale, // what is stored is sent instead
    wait,
    refuse
};

// For a request that may fill.
Turn take_turn(Request &request);
// For one of our own, go, wait or refuse: a warm-up has time.
Turn take_own_turn(Request &request);

// Until it is its turn, no longer than edge_cache_lock_timeout.
ngx::Task wait_for_turn(ngx::Flow &flow, Request &request);

// 503, for a client that may come again.
ngx_int_t refuse_busy(ngx_http_request_t *r, Request &request);

// For the body filter: the turn ends with the answer.
void end_turn_at_last(Request &request, const ngx_chain_t *in);

} // namespace edge::flow
