#include "shm/owners.h"

#include <algorithm>
#include <atomic>

namespace edge::shm {

// The pid makes a slot taken: it is written last and cleared first, so that a
// process that dies in between leaves no half of an identity.
std::optional<OwnerSlot> Owners::claim(std::uint32_t pid, std::uint64_t start)
{
    auto found = std::ranges::find(*table_, Owner{start, pid});
    if (found == table_->end()) {
        found = std::ranges::find(*table_, 0u, &Owner::pid);
    }
    if (found == table_->end()) {
        return std::nullopt;
    }
    found->start = start;
    std::atomic_ref(found->pid).store(pid, std::memory_order_release);
    return static_cast<OwnerSlot>(found - table_->begin());
}

void Owners::release(OwnerSlot slot)
{
    (*table_)[static_cast<std::size_t>(slot)].pid = 0;
}

const Owner &Owners::at(OwnerSlot slot) const
{
    return (*table_)[static_cast<std::size_t>(slot)];
}

} // namespace edge::shm
