// Answers that are read while they arrive: who fills in, who reads, and who
// wakes whom.
#include <algorithm>
#include <cstring>

#include "ngx/bell.h"
#include "ngx/clock.h"
#include "ngx/text.h"
#include "tier/fill_wait.h"
#include "tier/zone.h"

namespace edge::tier {

namespace {

// What grows has so much at first, and then a quarter of what it has: all in
// all no more pieces than can be listed, and room that can be made quickly.
constexpr std::size_t kLeast = 16 * 1024;

// For so long who waits for what has outgrown its room is sent it as a whole.
constexpr Millis kGivenUp{60 * 60 * 1000};

// Where it is noted that it has.
Hash128 outgrown_name(Hash128 fill)
{
    fill.lo ^= 16;
    return fill;
}

std::optional<cache::Entry> decode(const shm::PinnedObject &object)
{
    const auto decoded = cache::decode_head(object.head());
    const auto *entry = std::get_if<cache::Entry>(&decoded);
    return entry != nullptr ? std::optional(*entry) : std::nullopt;
}

} // namespace

// What is sent and what arrives cannot be evicted: with more than half of the
// zone others had to fetch what they could have found.
bool Zone::has_room_to_arrive(std::size_t size)
{
    const Lock lock(*this);
    const shm::MemoryTierStats stats = memory_->stats();
    return stats.pinned_bytes + size <= stats.capacity / 2;
}

bool Zone::has_outgrown(const shm::FillId &fill)
{
    const Lock lock(*this);
    return fills_->exists(fill) &&
           hit_for_miss_->find(outgrown_name(fills_->at(fill).name),
                               ngx::boot_now());
}

void Zone::note_outgrown(const shm::FillId &fill)
{
    const Lock lock(*this);
    if (fills_->exists(fill)) {
        const BootTime now = ngx::boot_now();
        hit_for_miss_->remember(outgrown_name(fills_->at(fill).name),
                                shm::HitForMiss::Place::origin,
                                now + kGivenUp, {});
    }
}

std::size_t Zone::extend_arrival(const shm::Pin &pin, std::size_t more)
{
    return has_room_to_arrive(more) ? extend(pin, more) : 0;
}

std::optional<ArrivalMemory> Zone::begin_arrival(const shm::FillId &fill,
                                                 const ArrivalPlan &plan)
{
    const std::size_t room = plan.has_size ? plan.entry.body_size : kLeast;
    if (!has_room_to_arrive(room) || (!plan.has_size && has_outgrown(fill))) {
        return std::nullopt;
    }
    const auto object = place(
        plan.name, plan.entry, cache::encode_head(plan.entry), plan.keep,
        {room, !plan.has_size});
    if (!object) {
        return std::nullopt;
    }
    ArrivalMemory memory{*object, std::nullopt};
    if (plan.vary) {
        memory.vary =
            place({plan.name.resource, plan.name.resource}, *plan.vary,
                  cache::encode_head(*plan.vary), plan.keep, {});
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

// Decoded under the lock: a size may yet be written into the head.
std::optional<Incoming> Zone::find_arriving(const shm::FillId &fill)
{
    const Lock lock(*this);
    const auto slot = owner();
    if (!slot || !fills_->runs(fill) || !fills_->at(fill).arrives) {
        return std::nullopt;
    }
    const shm::Arriving &arriving = fills_->at(fill).arriving;
    const auto object = memory_->share(arriving.object, *slot);
    const auto entry = object ? decode(*object) : std::nullopt;
    const auto vary = entry && arriving.has_vary
                          ? memory_->share(arriving.vary, *slot)
                          : std::nullopt;
    if (!entry || vary.has_value() != arriving.has_vary) {
        if (object) {
            memory_->unpin(object->pin());
        }
        return std::nullopt;
    }
    Incoming incoming{Pinned(*this, *object), *entry, std::nullopt,
                      {fill, arriving.object, !object->grows()}};
    if (vary) {
        incoming.vary.emplace(*this, *vary);
    }
    return incoming;
}

bool Zone::is_held(const shm::Pin &pin)
{
    const Lock lock(*this);
    return memory_->holds(pin);
}

bool Zone::is_read(const shm::Pin &pin)
{
    const Lock lock(*this);
    return memory_->is_shared(pin);
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
    break_off();
    zone_.unpin(pin());
    if (memory_.vary) {
        zone_.unpin(memory_.vary->pin());
    }
}

bool Arrival::is_read() const
{
    return zone_.is_read(pin());
}

std::optional<std::string_view> Arrival::append(std::string_view bytes)
{
    while (free_.empty()) {
        if (const auto piece = pieces_.next()) {
            free_ = *piece;
        } else if (!grow()) {
            give_up();
            return std::nullopt;
        }
    }
    const std::span<char> copy =
        free_.first(std::min(free_.size(), bytes.size()));
    std::memcpy(copy.data(), bytes.data(), copy.size());
    free_ = free_.subspan(copy.size());
    size_ += copy.size();
    if (has_size() && left() == 0) {
        finish();
    } else {
        memory_.object.set_arrived({size_, false});
    }
    posted_.post();
    return std::string_view(copy.data(), copy.size());
}

bool Arrival::grow()
{
    std::size_t more = zone_.extend_arrival(pin(), std::max(size_ / 4, kLeast));
    if (more == 0) {
        more = zone_.extend_arrival(pin(), kLeast);
    }
    pieces_.add(more);
    return more > 0;
}

void Arrival::finish()
{
    if (goes_on()) {
        state_ = State::whole;
        memory_.object.set_arrived({size_, true});
    }
}

void Arrival::break_off()
{
    if (goes_on()) {
        state_ = State::broken;
        memory_.object.break_off();
    }
}

void Arrival::give_up()
{
    if (is_read()) {
        ngx_str_t zone = ngx::str(zone_.settings.name);
        ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                      "zone \"%V\" has no more room for an answer of unknown "
                      "length that is read while it arrives, after %uz bytes",
                      &zone, size_);
    }
    zone_.note_outgrown(fill_);
    break_off();
    posted_.post();
}

bool Arrival::is(const cache::Entry &entry) const
{
    cache::Entry begun = entry;
    if (!has_size()) {
        begun.body_size = 0;
    }
    const std::span<char> own = memory_.object.head();
    return state_ == State::whole && size_ == entry.body_size &&
           cache::encode_head(begun) ==
               std::string_view(own.data(), own.size());
}

void Arrival::tell(void *arrival)
{
    const Arrival &self = *static_cast<Arrival *>(arrival);
    self.zone_.tell_of_arrival(self.fill_);
}

ArrivalWait::ArrivalWait(ngx::Flow &flow, Zone &zone, const Filler &filler,
                         const shm::PinnedObject &object,
                         const shm::Arrived &seen, Millis longest)
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
