// Answers that are read while they arrive: who fills in, who reads, and who
// wakes whom.
#include <algorithm>
#include <cstring>

#include "ngx/bell.h"
#include "ngx/clock.h"
#include "tier/fill_wait.h"
#include "tier/zone.h"

namespace edge::tier {

// What is sent and what arrives cannot be evicted: with more than half of the
// zone others had to fetch what they could have found.
bool Zone::has_room_to_arrive(const cache::Entry &entry)
{
    const Lock lock(*this);
    const shm::MemoryTierStats stats = memory_->stats();
    return stats.pinned_bytes + entry.body_size <= stats.capacity / 2;
}

std::optional<ArrivalMemory> Zone::begin_arrival(const shm::FillId &fill,
                                                 const ArrivalPlan &plan)
{
    if (!has_room_to_arrive(plan.entry)) {
        return std::nullopt;
    }
    const auto object =
        place(plan.name, plan.entry, cache::encode_head(plan.entry), plan.keep);
    if (!object) {
        return std::nullopt;
    }
    ArrivalMemory memory{*object, std::nullopt};
    if (plan.vary) {
        memory.vary =
            place({plan.name.resource, plan.name.resource}, *plan.vary,
                  cache::encode_head(*plan.vary), plan.keep);
    }

    const Lock lock(*this);
    shm::Arriving arriving{object->pin(), {}, plan.vary.has_value()};
    if (memory.vary) {
        arriving.vary = memory.vary->pin();
    }
    if (plan.vary.has_value() == memory.vary.has_value() &&
        fills_->arrive(fill, arriving)) {
        return memory;
    }
    memory_->unpin(object->pin());
    if (memory.vary) {
        memory_->unpin(memory.vary->pin());
    }
    return std::nullopt;
}

void Zone::tell_of_arrival(const shm::FillId &fill)
{
    WorkerSet waiting;
    {
        const Lock lock(*this);
        waiting = fills_->move(fill, ngx::boot_now());
    }
    ngx::ring(waiting);
}

bool Zone::is_arriving(const shm::FillId &fill)
{
    const Lock lock(*this);
    return fills_->runs(fill) && fills_->at(fill).arrives;
}

std::optional<Incoming> Zone::find_arriving(const shm::FillId &fill)
{
    const Lock lock(*this);
    const auto slot = owner();
    if (!slot || !fills_->runs(fill) || !fills_->at(fill).arrives) {
        return std::nullopt;
    }
    const shm::Arriving &arriving = fills_->at(fill).arriving;
    const auto object = memory_->share(arriving.object, *slot);
    if (!object) {
        return std::nullopt;
    }
    if (!arriving.has_vary) {
        return Incoming{
            Pinned(*this, *object), std::nullopt, {fill, arriving.object}};
    }
    const auto vary = memory_->share(arriving.vary, *slot);
    if (!vary) {
        memory_->unpin(object->pin());
        return std::nullopt;
    }
    return Incoming{
        Pinned(*this, *object), Pinned(*this, *vary), {fill, arriving.object}};
}

bool Zone::is_held(const shm::Pin &pin)
{
    const Lock lock(*this);
    return memory_->holds(pin);
}

Arrival::Arrival(Zone &zone, const shm::FillId &fill,
                 const ArrivalMemory &memory)
    : zone_(zone), fill_(fill), memory_(memory), pieces_(memory.object.body()),
      posted_(&Arrival::tell, this)
{
    posted_.post();
}

Arrival::~Arrival()
{
    end();
    zone_.unpin(pin());
    if (memory_.vary) {
        zone_.unpin(memory_.vary->pin());
    }
}

std::string_view Arrival::append(std::string_view bytes)
{
    while (free_.empty()) {
        free_ = *pieces_.next();
    }
    const std::span<char> copy =
        free_.first(std::min(free_.size(), bytes.size()));
    std::memcpy(copy.data(), bytes.data(), copy.size());
    free_ = free_.subspan(copy.size());
    size_ += copy.size();
    memory_.object.set_arrived(size_);
    posted_.post();
    return {copy.data(), copy.size()};
}

void Arrival::end()
{
    if (left() > 0) {
        memory_.object.break_off();
    }
}

bool Arrival::is_whole(std::string_view head) const
{
    const std::span<char> own = memory_.object.head();
    return left() == 0 && head == std::string_view(own.data(), own.size());
}

void Arrival::tell(void *arrival)
{
    const Arrival &self = *static_cast<Arrival *>(arrival);
    self.zone_.tell_of_arrival(self.fill_);
}

ArrivalWait::ArrivalWait(ngx::Flow &flow, Zone &zone, const Filler &filler,
                         const shm::PinnedObject &object, std::size_t seen,
                         Millis longest)
    : BoundedWait(flow, zone, filler.fill, longest), object_(object),
      seen_(seen)
{
    zone_.arrival_waits().insert(this);
}

ArrivalWait::~ArrivalWait()
{
    zone_.arrival_waits().erase(this);
}

} // namespace edge::tier
