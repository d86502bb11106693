// Coroutines over nginx's event loop (design: asynchronous flows read top to
// bottom as one function).
//
//   Task   a coroutine, free or a member.
//   Flow   one asynchronous course of events: owns the root task, and resumes
//          whatever is innermost. A request has one; a worker's work too.
//
// Cancellation is destruction: with the flow goes the root, with it every
// frame below, and each awaiter withdraws from whatever it waits for in its
// destructor. Results therefore never live in a frame.
#pragma once

#include <coroutine>
#include <cstddef>
#include <exception>
#include <utility>

#include "ngx/blocks.h"
#include "ngx/guard.h"
#include "ngx/nginx.h"

namespace edge::ngx {

// Awaited by another task (`co_await child(flow)`), or run by a flow.
class [[nodiscard]] Task
{
public:
    struct promise_type
    {
        static void *operator new(std::size_t size)
        {
            return blocks.take(size);
        }
        static void operator delete(void *frame, std::size_t size) noexcept
        {
            blocks.give(frame, size);
        }

        struct ToParent
        {
            bool await_ready() noexcept { return false; }
            std::coroutine_handle<>
            await_suspend(std::coroutine_handle<promise_type> self) noexcept
            {
                return self.promise().parent;
            }
            void await_resume() noexcept {}
        };

        Task get_return_object() { return Task(Handle::from_promise(*this)); }
        std::suspend_always initial_suspend() noexcept { return {}; }
        ToParent final_suspend() noexcept { return {}; }
        void return_void() {}
        void unhandled_exception() { failure = std::current_exception(); }

        std::coroutine_handle<> parent = std::noop_coroutine();
        std::exception_ptr failure;
    };

    struct Awaiter
    {
        std::coroutine_handle<promise_type> child;

        bool await_ready() const noexcept { return false; }
        std::coroutine_handle<>
        await_suspend(std::coroutine_handle<> parent) noexcept
        {
            child.promise().parent = parent;
            return child;
        }
        void await_resume() const
        {
            if (child.promise().failure) {
                std::rethrow_exception(child.promise().failure);
            }
        }
    };

    Task() = default;
    Task(Task &&other) noexcept : handle_(std::exchange(other.handle_, {})) {}
    Task &operator=(Task &&other) noexcept
    {
        std::swap(handle_, other.handle_);
        return *this;
    }
    ~Task()
    {
        if (handle_) {
            handle_.destroy();
        }
    }

    Awaiter operator co_await() && { return Awaiter{handle_}; }

private:
    friend class Flow;
    using Handle = std::coroutine_handle<promise_type>;
    explicit Task(Handle handle) : handle_(handle) {}

    Handle handle_;
};

class Flow
{
public:
    Flow()
    {
        wake_.data = this;
        wake_.handler = guard<&Flow::on_wake>;
        wake_.log = ngx_cycle->log;
    }
    ~Flow()
    {
        if (wake_.posted) {
            ngx_delete_posted_event(&wake_);
        }
    }
    Flow(const Flow &) = delete;
    Flow &operator=(const Flow &) = delete;

    // Runs `root` up to its first suspension. True: it has already ended.
    // Otherwise done(data) is called at its end, outside of any frame: it may
    // destroy the flow. An exception that ends the root is logged, and is an
    // end like any other: results say what was achieved.
    bool run(Task root, void (*done)(void *), void *data)
    {
        root_ = std::move(root);
        root_.handle_.resume();
        if (ended()) {
            return true;
        }
        done_ = done;
        data_ = data;
        return false;
    }
    bool running() const { return root_.handle_ && !root_.handle_.done(); }

    // The innermost task suspends here; wake() resumes it from the event
    // loop, never from inside the caller. A second wake() before that is one.
    void suspend(std::coroutine_handle<> leaf) { leaf_ = leaf; }
    void wake()
    {
        if (!wake_.posted) {
            ngx_post_event(&wake_, &ngx_posted_events);
        }
    }

private:
    static void on_wake(ngx_event_t *event)
    {
        auto *flow = static_cast<Flow *>(event->data);
        std::exchange(flow->leaf_, nullptr).resume();
        if (flow->ended()) {
            flow->done_(flow->data_);
        }
    }

    bool ended()
    {
        if (!root_.handle_.done()) {
            return false;
        }
        if (std::exception_ptr failure = root_.handle_.promise().failure) {
            log_exception(failure);
        }
        root_ = Task();
        return true;
    }

    Task root_;
    void (*done_)(void *) = nullptr;
    void *data_ = nullptr;
    std::coroutine_handle<> leaf_;
    ngx_event_t wake_{};
};

} // namespace edge::ngx
