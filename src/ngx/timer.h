// One timer of the event loop; stops with its object.
#pragma once

#include "base/time.h"
#include "ngx/guard.h"
#include "ngx/nginx.h"

namespace edge::ngx {

class Timer
{
public:
    using Callback = void (*)(void *);

    // A cancelable timer does not hold up a worker that is shutting down:
    // right for everything periodic, wrong for what a request waits for.
    enum class Holds { worker, nothing };

    Timer(Callback callback, void *data, Holds holds)
        : callback_(callback), data_(data)
    {
        dummy_.data = this;
        dummy_.fd = -1;
        event_.data = &dummy_;
        event_.handler = guard<&Timer::on_event>;
        event_.log = ngx_cycle->log;
        hold(holds);
    }
    ~Timer() { stop(); }
    Timer(const Timer &) = delete;
    Timer &operator=(const Timer &) = delete;

    void start(Millis delay)
    {
        ngx_add_timer(&event_, static_cast<ngx_msec_t>(delay.count()));
    }
    void stop()
    {
        if (event_.timer_set) {
            ngx_del_timer(&event_);
        }
    }
    // At any time, also while it runs.
    void hold(Holds what) { event_.cancelable = what == Holds::nothing; }
    bool running() const { return event_.timer_set; }

private:
    static void on_event(ngx_event_t *event)
    {
        // dummy_ is found through event->data: see below.
        auto *connection = static_cast<ngx_connection_t *>(event->data);
        auto *timer = static_cast<Timer *>(connection->data);
        timer->callback_(timer->data_);
    }

    Callback callback_;
    void *data_;
    ngx_event_t event_{};
    // nginx's debug log reads the fd of the connection behind a timer.
    ngx_connection_t dummy_{};
};

} // namespace edge::ngx
