// Work for the end of this turn of the event loop or of the next, with nothing
// of the caller on the stack; withdrawn with its object.
#pragma once

#include "ngx/guard.h"
#include "ngx/nginx.h"

namespace edge::ngx {

class Posted
{
public:
    using Callback = void (*)(void *);

    Posted(Callback callback, void *data) : callback_(callback), data_(data)
    {
        event_.data = this;
        event_.handler = guard<&Posted::on_event>;
        event_.log = ngx_cycle->log;
    }
    ~Posted()
    {
        if (event_.posted) {
            ngx_delete_posted_event(&event_);
        }
    }
    Posted(const Posted &) = delete;
    Posted &operator=(const Posted &) = delete;

    // Any number of calls before it runs are one.
    void post()
    {
        if (event_.posted && is_next_) {
            ngx_delete_posted_event(&event_);
        }
        if (!event_.posted) {
            post_to(&ngx_posted_events);
        }
    }
    // For the end of the next turn, which takes what is ready and does not
    // wait; post() makes it this one.
    void post_next()
    {
        if (!event_.posted) {
            post_to(&ngx_posted_next_events);
        }
    }

private:
    void post_to(ngx_queue_t *queue)
    {
        ngx_post_event(&event_, queue);
        is_next_ = queue == &ngx_posted_next_events;
    }

    static void on_event(ngx_event_t *event)
    {
        auto *posted = static_cast<Posted *>(event->data);
        posted->callback_(posted->data_);
    }

    Callback callback_;
    void *data_;
    ngx_event_t event_{};
    bool is_next_ = false; // while posted: for the next turn
};

} // namespace edge::ngx
