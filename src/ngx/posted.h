// Work for the end of this turn of the event loop, with nothing of the caller
// on the stack; withdrawn with its object.
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
        if (!event_.posted) {
            ngx_post_event(&event_, &ngx_posted_events);
        }
    }

private:
    static void on_event(ngx_event_t *event)
    {
        auto *posted = static_cast<Posted *>(event->data);
        posted->callback_(posted->data_);
    }

    Callback callback_;
    void *data_;
    ngx_event_t event_{};
};

} // namespace edge::ngx
