// co_await FillWait(flow, zone, fill, 1s): until the fill ends, in whatever
// worker that is, or what its filler waits for in another instance; but no
// longer than the given time. co_await ArrivalWait(...): the same, until more
// of what it stores has arrived.
#pragma once

#include <coroutine>

#include "base/time.h"
#include "ngx/sleep.h"
#include "ngx/task.h"
#include "shm/object.h"
#include "shm/running_fills.h"
#include "tier/filler.h"

namespace edge::tier {

class Zone;

// What both have in common.
class BoundedWait
{
public:
    BoundedWait(const BoundedWait &) = delete;

    const shm::FillId &fill() const { return fill_; }
    void wake() { flow_.wake(); }

    void await_suspend(std::coroutine_handle<> self)
    {
        longest_.await_suspend(self);
    }
    void await_resume() const {}

protected:
    BoundedWait(ngx::Flow &flow, Zone &zone, const shm::FillId &fill,
                Millis longest)
        : zone_(zone), flow_(flow), fill_(fill), longest_(flow, longest)
    {
    }
    ~BoundedWait() = default;

    Zone &zone_;

private:
    ngx::Flow &flow_;
    const shm::FillId fill_;
    ngx::Sleep longest_;
};

class FillWait : public BoundedWait
{
public:
    enum class Until
    {
        ended,
        arrives,  // or has ended
        released, // another instance's lock
    };

    FillWait(ngx::Flow &flow, Zone &zone, const shm::FillId &fill,
             Millis longest, Until until);
    ~FillWait();

    Until until() const { return until_; }
    bool is_over(const shm::RunningFills &fills) const;

    // The bell may have rung before this waited.
    bool await_ready() const;

private:
    const Until until_;
};

class ArrivalWait : public BoundedWait
{
public:
    // `seen`: what had arrived, which was not all.
    ArrivalWait(ngx::Flow &flow, Zone &zone, const Filler &filler,
                const shm::PinnedObject &object, const shm::Arrived &seen,
                Millis longest);
    ~ArrivalWait();

    // Or nothing more comes.
    bool has_more() const { return object_.arrived() != seen_; }

    bool await_ready() const { return has_more(); }

private:
    const shm::PinnedObject object_;
    const shm::Arrived seen_;
};

} // namespace edge::tier
