#include "tier/fetch_slot.h"

#include "ngx/bell.h"
#include "tier/zone.h"

namespace edge::tier {

bool Zone::take_fetch(const FetchGroup &group)
{
    const std::size_t index = fetch_groups_[group.index];
    const Lock lock(*this);
    const auto slot = owner();
    if (slot && fetches_->take(index, *slot, group.limit)) {
        return true;
    }
    fetches_->wait(index, static_cast<std::size_t>(ngx_worker));
    return false;
}

std::vector<RunningFetches> Zone::running_fetches()
{
    std::vector<RunningFetches> all;
    const Lock lock(*this);
    for (const std::size_t index : fetch_groups_) {
        const shm::FetchCounts::Group &group = fetches_->at(index);
        all.push_back({std::string(group.label()), group.running});
    }
    return all;
}

void Zone::give_back_fetch(std::size_t group)
{
    WorkerSet waiting;
    {
        const Lock lock(*this);
        if (owner_) {
            waiting = fetches_->give_back(fetch_groups_[group], *owner_);
        }
    }
    ngx::ring(waiting);
}

// In the order they came: what the first does not get nobody gets.
void Zone::wake_fetch_waits()
{
    for (const std::list<FetchWait *> &waits : fetch_waits_) {
        for (FetchWait *wait : waits) {
            if (!wait->try_take()) {
                break;
            }
            wait->wake();
        }
    }
}

bool Zone::may_wait() const
{
    std::size_t waiting = waits_.size();
    for (const std::list<FetchWait *> &waits : fetch_waits_) {
        waiting += waits.size();
    }
    return waiting < max_waits_;
}

FetchSlot::~FetchSlot()
{
    if (zone_ != nullptr) {
        zone_->give_back_fetch(group_);
    }
}

FetchWait::FetchWait(ngx::Flow &flow, Zone &zone, const FetchGroup &group,
                     Millis longest)
    : flow_(flow), zone_(zone), group_(group),
      place_(zone.fetch_waits(group.index)
                 .insert(zone.fetch_waits(group.index).end(), this)),
      longest_(flow, longest)
{
}

FetchWait::~FetchWait()
{
    zone_.fetch_waits(group_.index).erase(place_);
}

bool FetchWait::try_take()
{
    if (!slot_ && zone_.take_fetch(group_)) {
        slot_.emplace(zone_, group_.index);
    }
    return slot_.has_value();
}

} // namespace edge::tier
