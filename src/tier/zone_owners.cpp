// What a process holds in a zone, and what becomes of it when the process dies.
#include <algorithm>

#include "ngx/bell.h"
#include "ngx/clock.h"
#include "tier/zone.h"

namespace edge::tier {

// The slot of this process, claimed as soon as it serves. When all are taken
// nothing is found and nothing stored until the dead have been released.
std::optional<shm::OwnerSlot> Zone::owner()
{
    if (!owner_) {
        const Process process = this_process();
        owner_ = memory_->claim_owner(process.pid, process.start);
    }
    return owner_;
}

// Nothing happens when the slot is another's by now.
void Zone::release(shm::OwnerSlot slot, const shm::Owner &owner)
{
    WorkerSet waiting;
    {
        const Lock lock(*this);
        if (memory_->owners()[static_cast<std::size_t>(slot)] == owner) {
            waiting = fills_->end_all_of(slot);
            waiting.add(fetches_->release_all_of(slot));
            warm_jobs_->stop_all_of(slot, ngx::boot_now());
            memory_->release_owner(slot, owner);
        }
    }
    ngx::ring(waiting);
}

void Zone::release_dead_owners()
{
    shm::Owners::Table owners;
    {
        const Lock lock(*this);
        owners = memory_->owners();
    }
    // Looking at processes takes its time, so it is done without the lock.
    for (std::size_t i = 0; i < owners.size(); i++) {
        const shm::Owner &owner = owners[i];
        if (owner.pid != 0 && !is_alive({owner.pid, owner.start})) {
            release(static_cast<shm::OwnerSlot>(i), owner);
        }
    }
}

bool Zone::release_this_process()
{
    release_dead_owners();
    if (owner_) {
        const Process process = this_process();
        release(*owner_, {process.start, process.pid});
        owner_.reset();
    }
    const Lock lock(*this);
    return std::ranges::all_of(
        memory_->owners(),
        [](const shm::Owner &owner) { return owner.pid == 0; });
}

} // namespace edge::tier
