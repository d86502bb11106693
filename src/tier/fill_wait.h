// co_await FillWait(flow, zone, fill, 1s): until the fill ends, in whatever
// worker that is, or what its filler waits for in another instance; but no
// longer than the given time.
#pragma once

#include <coroutine>

#include "base/time.h"
#include "ngx/task.h"
#include "ngx/timer.h"
#include "shm/running_fills.h"

namespace edge::tier {

class Zone;

class FillWait
{
public:
    enum class Until
    {
        ended,
        released, // another instance's lock
    };

    FillWait(ngx::Flow &flow, Zone &zone, const shm::FillId &fill,
             Millis longest, Until until = Until::ended);
    ~FillWait();
    FillWait(const FillWait &) = delete;

    const shm::FillId &fill() const { return fill_; }
    Until until() const { return until_; }
    void wake() { flow_.wake(); }

    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> self);
    void await_resume() const {}

private:
    static void on_timer(void *wait);

    ngx::Flow &flow_;
    Zone &zone_;
    const shm::FillId fill_;
    const Millis longest_;
    const Until until_;
    ngx::Timer timer_;
};

} // namespace edge::tier
