// co_await FillWait(flow, zone, fill, 1s): until the fill ends, in whatever
// worker that is, or what its filler waits for in another instance; but no
// longer than the given time.
#pragma once

#include <coroutine>

#include "base/time.h"
#include "ngx/sleep.h"
#include "ngx/task.h"
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
    void await_suspend(std::coroutine_handle<> self)
    {
        longest_.await_suspend(self);
    }
    void await_resume() const {}

private:
    ngx::Flow &flow_;
    Zone &zone_;
    const shm::FillId fill_;
    const Until until_;
    ngx::Sleep longest_;
};

} // namespace edge::tier
