// co_await Sleep(flow, 10ms): a pause that ends with its coroutine.
#pragma once

#include "ngx/task.h"
#include "ngx/timer.h"

namespace edge::ngx {

class Sleep
{
public:
    Sleep(Flow &flow, Millis delay, Timer::Holds holds = Timer::Holds::worker)
        : flow_(flow), delay_(delay), timer_(&Sleep::over, &flow, holds)
    {
    }

    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> self)
    {
        flow_.suspend(self);
        timer_.start(delay_);
    }
    void await_resume() const {}

private:
    static void over(void *flow) { static_cast<Flow *>(flow)->wake(); }

    Flow &flow_;
    Millis delay_;
    Timer timer_;
};

} // namespace edge::ngx
