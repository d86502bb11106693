// Many requests of our own, one after the other, so many at a time, in this
// worker: co_await batch.run(flow).
#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>

#include "ngx/task.h"
#include "ngx/timer.h"

namespace edge::flow {

enum class Begun
{
    yes,     // its end is told to ended()
    no_room, // this worker has few connections left: later
    no       // nor will it be
};

struct BatchSettings
{
    std::size_t count = 0;
    std::uint32_t at_a_time = 1;
    // Of 0 to count - 1, in order.
    Begun (*begin)(void *data, std::size_t index) = nullptr;
    void *data = nullptr;
};

// Outlives its requests, once it has begun one.
class Batch
{
public:
    explicit Batch(const BatchSettings &settings);
    Batch(const Batch &) = delete;
    Batch &operator=(const Batch &) = delete;

    // Until the last request has ended: of all, or of those that had begun when
    // the worker was told to exit. Ends in the event loop, in any case.
    ngx::Task run(ngx::Flow &flow);
    // Never from within begin().
    void ended();

    bool is_done() const { return next_ == settings_.count && running_ == 0; }

private:
    // Until turn_ is due.
    struct NextTurn
    {
        ngx::Flow &flow;

        bool await_ready() const { return false; }
        void await_suspend(std::coroutine_handle<> self) { flow.suspend(self); }
        void await_resume() const {}
    };

    static void on_turn(void *batch);
    bool may_go_on() const;
    bool begin_some();

    BatchSettings settings_;
    std::size_t next_ = 0;
    std::size_t running_ = 0;
    ngx::Flow *flow_ = nullptr;
    ngx::Timer turn_;
};

} // namespace edge::flow
