// A main request that waits in PRECONTENT for its flow.
#pragma once

#include "ngx/nginx.h"
#include "ngx/task.h"

namespace edge::flow {

class Pending
{
public:
    ngx::Flow &flow() { return flow_; }

    // Runs `task`. NGX_AGAIN: the request waits, and the phases go on when the
    // task has ended; NGX_OK: it has ended already.
    ngx_int_t run(ngx_http_request_t *r, ngx::Task task);

    // True once, when the phases have come back.
    bool has_resumed();

private:
    static void resume(void *r);

    ngx::Flow flow_;
    bool waiting_ = false;
};

// Cancelled as soon as the request ends: that is before its pool goes.
Pending &make_pending(ngx_http_request_t *r);

// Null when the request never waited.
Pending *find_pending(ngx_http_request_t *r);

} // namespace edge::flow
