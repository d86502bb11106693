// One of the fetches that a group may have under way at a time
// (edge_cache_fetch_limit).
#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <utility>

#include "base/time.h"
#include "ngx/sleep.h"
#include "ngx/task.h"

namespace edge::tier {

class Zone;

struct FetchGroup
{
    std::size_t index = 0;
    std::uint32_t limit = 0;
};

// Given back with the object.
class FetchSlot
{
public:
    // One that Zone::take_fetch() has given.
    FetchSlot(Zone &zone, std::size_t group) : zone_(&zone), group_(group) {}
    FetchSlot(FetchSlot &&other) noexcept
        : zone_(std::exchange(other.zone_, nullptr)), group_(other.group_)
    {
    }
    FetchSlot &operator=(FetchSlot &&) = delete;
    ~FetchSlot();

private:
    Zone *zone_;
    std::size_t group_;
};

// co_await FetchWait(flow, zone, group, 10s): a slot, or nothing in that time.
class FetchWait
{
public:
    FetchWait(ngx::Flow &flow, Zone &zone, const FetchGroup &group,
              Millis longest);
    ~FetchWait();
    FetchWait(const FetchWait &) = delete;

    const FetchGroup &group() const { return group_; }
    // Takes a slot if there is one.
    bool try_take();
    void wake() { flow_.wake(); }

    bool await_ready() { return try_take(); }
    void await_suspend(std::coroutine_handle<> self)
    {
        longest_.await_suspend(self);
    }
    std::optional<FetchSlot> await_resume() { return std::move(slot_); }

private:
    ngx::Flow &flow_;
    Zone &zone_;
    const FetchGroup group_;
    const std::list<FetchWait *>::iterator place_;
    std::optional<FetchSlot> slot_;
    ngx::Sleep longest_;
};

} // namespace edge::tier
