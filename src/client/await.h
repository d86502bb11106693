// co_await Call(flow, redis, ...): one command, and what came of it.
#pragma once

#include <coroutine>
#include <memory_resource>
#include <utility>

#include "client/redis.h"
#include "ngx/task.h"

namespace edge::client {

// Takes part in the flow's cancellation: destroyed while it waits, the command
// withdraws and its reply is dropped. The reply lives in `memory`.
// `Target`: Redis, or a connection of one's own.
template <typename Command, typename Target = Redis> class Call
{
public:
    Call(ngx::Flow &flow, Target &redis, std::pmr::memory_resource &memory,
         Command command)
        : Call(flow, redis, memory, std::move(command), redis.config().timeout)
    {
    }
    Call(ngx::Flow &flow, Target &redis, std::pmr::memory_resource &memory,
         Command command, Millis timeout)
        : flow_(flow), redis_(redis), command_(std::move(command)),
          timeout_(timeout), operation_(&memory, &Call::over, this)
    {
    }

    // Sent at once, so that several calls leave together before the first of
    // them is awaited. False: Redis is down, there is nothing to wait for.
    bool send() { return redis_.submit(operation_, command_, timeout_); }

    bool await_ready()
    {
        if (operation_.outcome() == redis::Outcome::idle) {
            return !send();
        }
        return operation_.outcome() != redis::Outcome::pending;
    }
    void await_suspend(std::coroutine_handle<> self)
    {
        awaited_ = true;
        flow_.suspend(self);
    }
    const redis::Operation &await_resume() const { return operation_; }

private:
    // The flow may be waiting for another call still.
    static void over(void *data)
    {
        auto *call = static_cast<Call *>(data);
        if (call->awaited_) {
            call->flow_.wake();
        }
    }

    ngx::Flow &flow_;
    Target &redis_;
    Command command_;
    Millis timeout_;
    redis::Operation operation_;
    bool awaited_ = false;
};

} // namespace edge::client
