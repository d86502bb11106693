// A pinned object of the memory tier, unpinned with its owner.
#pragma once

#include <utility>

#include "shm/object.h"

namespace edge::tier {

class Zone;

class Pinned
{
public:
    Pinned(Zone &zone, shm::PinnedObject object)
        : zone_(&zone), object_(object)
    {
    }
    Pinned(Pinned &&other) noexcept
        : zone_(std::exchange(other.zone_, nullptr)), object_(other.object_)
    {
    }
    Pinned &operator=(Pinned &&other) noexcept
    {
        std::swap(zone_, other.zone_);
        std::swap(object_, other.object_);
        return *this;
    }
    ~Pinned();

    const shm::PinnedObject &operator*() const { return object_; }
    const shm::PinnedObject *operator->() const { return &object_; }

private:
    Zone *zone_;
    shm::PinnedObject object_;
};

} // namespace edge::tier
