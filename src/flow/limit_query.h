// Asking Redis for the limits of a request.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "client/await.h"
#include "flow/limit_check.h"
#include "ngx/pool.h"
#include "ngx/task.h"

namespace edge::flow {

// For a round that could not be settled at once; lives in a frame of its
// request's flow. What is sent between send() and co_await leaves in the same
// write. Afterwards it is decided, by Redis or, at the latest when the time of
// edge_limit_fallback is over, by that.
class LimitQuery
{
public:
    LimitQuery(ngx::Flow &flow, ngx_http_request_t *r, LimitCheck &check,
               conf::LimitPoint point);

    void send();

    bool await_ready() { return call_.await_ready(); }
    void await_suspend(std::coroutine_handle<> self)
    {
        call_.await_suspend(self);
    }
    void await_resume() { settle(call_.await_resume()); }

private:
    void settle(const redis::Operation &operation);

    ngx_http_request_t *r_;
    const conf::Location &lcf_;
    LimitRound &round_;
    std::vector<redis::ScriptLimit> limits_;
    redis::LimitCall script_;
    ngx::PoolResource memory_;
    client::Call<redis::ScriptCall> call_;
};

// For the round of `point`, when check_limits() said `ask_redis` there.
ngx::Task ask_redis_for_limits(ngx::Flow &flow, ngx_http_request_t *r,
                               conf::LimitPoint point);

} // namespace edge::flow
