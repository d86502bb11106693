// Tells other workers that there is something to look at: one eventfd for each
// worker, which nobody ever reads. Every write is an edge for all that watch
// it, old and new worker of one number alike, so no call is lost to a flag
// that says "already pending".
#pragma once

#include "base/worker_set.h"
#include "ngx/nginx.h"

namespace edge::ngx {

// In init_module, before workers are forked: the descriptors outlive every
// reload. False, and errno, when there are none to be had.
bool open_bells();

// Writes to each of `workers`, this one included.
void ring(const WorkerSet &workers);

// The bell of this worker, while the object lives.
class Bell
{
public:
    using Callback = void (*)(void *);

    // In init_process. Called from the event loop; once for several rings.
    Bell(Callback callback, void *data);
    ~Bell();
    Bell(const Bell &) = delete;
    Bell &operator=(const Bell &) = delete;

private:
    static void on_event(ngx_event_t *event);

    Callback callback_;
    void *data_;
    ngx_connection_t *connection_ = nullptr;
};

} // namespace edge::ngx
