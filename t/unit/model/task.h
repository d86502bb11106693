// Flows of the model: coroutines that stop wherever another one may go on, and
// whoever runs them decides which one that is.
//
// g++ 12 copies temporaries that are arguments of an awaited call bit by bit:
// what owns memory is given a name first.
#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

namespace edge_test::model {

// Where the flow that runs now has stopped, in its innermost task.
inline std::coroutine_handle<> *stopped_at = nullptr;

struct Pause
{
    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> self) { *stopped_at = self; }
    void await_resume() const {}
};

template <typename T> class Task
{
public:
    struct promise_type
    {
        std::coroutine_handle<> caller;
        std::optional<T> value;

        Task get_return_object()
        {
            return Task(
                std::coroutine_handle<promise_type>::from_promise(*this));
        }
        std::suspend_always initial_suspend() { return {}; }
        auto final_suspend() noexcept
        {
            struct Return
            {
                bool await_ready() noexcept { return false; }
                std::coroutine_handle<>
                await_suspend(std::coroutine_handle<promise_type> self) noexcept
                {
                    const auto caller = self.promise().caller;
                    return caller ? caller : std::noop_coroutine();
                }
                void await_resume() noexcept {}
            };
            return Return{};
        }
        void return_value(T result) { value = std::move(result); }
        void unhandled_exception() { std::terminate(); }
    };

    explicit Task(std::coroutine_handle<promise_type> handle) : handle_(handle)
    {
    }
    Task(Task &&other) noexcept : handle_(std::exchange(other.handle_, nullptr))
    {
    }
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

    bool await_ready() const { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> caller)
    {
        handle_.promise().caller = caller;
        return handle_;
    }
    T await_resume() { return *std::move(handle_.promise().value); }

    std::coroutine_handle<> handle() const { return handle_; }
    bool done() const { return handle_.done(); }

private:
    std::coroutine_handle<promise_type> handle_;
};

struct Nothing
{
};

class Flow
{
public:
    explicit Flow(Task<Nothing> task)
        : task_(std::move(task)), at_(task_.handle())
    {
    }

    // To the next place where it stops.
    void go_on()
    {
        stopped_at = &at_;
        at_.resume();
    }
    bool done() const { return task_.done(); }

private:
    Task<Nothing> task_;
    std::coroutine_handle<> at_;
};

} // namespace edge_test::model
