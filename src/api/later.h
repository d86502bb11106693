// An answer of the api that a flow has to find out first.
#pragma once

#include <optional>

#include "ngx/cleanup.h"
#include "ngx/guard.h"
#include "ngx/nginx.h"
#include "ngx/pool.h"
#include "ngx/task.h"

namespace edge::api {

template <typename State> void cancel_flow(void *state)
{
    static_cast<State *>(state)->flow.reset();
}

template <typename State, auto Send> void finish_later(void *data)
{
    auto *r = static_cast<ngx_http_request_t *>(data);
    ngx_connection_t *connection = r->connection;
    ngx_http_set_log_request(connection->log, r);
    const ngx_int_t rc = ngx::guard<Send, NGX_HTTP_INTERNAL_SERVER_ERROR>(
        r, *ngx::pool_find<State>(r->pool));
    ngx_http_finalize_request(r, rc);
    ngx_http_run_posted_requests(connection);
}

// Runs Ask(flow, state), then Send(r, state). `state` was made by pool_new in
// the request's pool, where there is one of its type, and has a member `flow`,
// a std::optional<ngx::Flow>. NGX_DONE: the flow goes on, and finalizes the
// request, a reference to which the caller has taken, or takes then.
template <auto Ask, auto Send, typename State>
ngx_int_t answer_later(ngx_http_request_t *r, State &state)
{
    ngx::at_request_end<&cancel_flow<State>>(r, &state);
    ngx::Flow &flow = state.flow.emplace();
    return flow.run(Ask(flow, state), &finish_later<State, Send>, r)
               ? Send(r, state)
               : NGX_DONE;
}

} // namespace edge::api
