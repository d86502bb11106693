// One fetch for all who ask for the same: who fetches, who waits, and who
// wakes whom.
#include <algorithm>
#include <utility>

#include "ngx/bell.h"
#include "ngx/clock.h"
#include "tier/fill_wait.h"
#include "tier/redis_tier.h"
#include "tier/zone.h"

namespace edge::tier {

using Place = shm::HitForMiss::Place;

// A fill is worth waiting for if its answer, as far as is known of it now,
// could be given to who comes now (protocol 7); what its tags forbid is seen
// when it is there.
bool Zone::may_join(const shm::RunningFill &fill, const FillWish &wish,
                    BootTime now) const
{
    const BootTime moved{Millis(std::max(fill.started, fill.moved))};
    return now - moved < wish.max_age &&
           generations_->check(fill.ticket, *wish.selectors, wish.tenant,
                               {now, false}) == shm::Usability::usable;
}

unsigned Zone::count_use(const Hash128 &resource)
{
    const Lock lock(*this);
    return use_counts_->add(resource);
}

Joined Zone::join(const FillWish &wish)
{
    WorkerSet replaced;
    const Joined joined = join(wish, replaced);
    ngx::ring(replaced);
    return joined;
}

Joined Zone::join(const FillWish &wish, WorkerSet &replaced)
{
    const Lock lock(*this);
    const BootTime now = ngx::boot_now();
    if (const auto place = hit_for_miss_->find(wish.name, now)) {
        if (wish.may_wait) {
            counters_->hits_for_miss.add();
        }
        return {*place == Place::origin ? FillPart::pass : FillPart::alone, {}};
    }
    const auto slot = owner();
    if (!slot || !may_serve(now) || generations_->applied().nonce == 0) {
        return {FillPart::alone, {}};
    }
    if (const auto running = fills_->find(wish.name)) {
        if (!wish.selectors) {
            return {FillPart::again, {}};
        }
        if (may_join(fills_->at(*running), wish, now)) {
            if (wish.may_wait) {
                fills_->wait(*running, static_cast<std::size_t>(ngx_worker));
            }
            return {FillPart::wait, *running};
        }
        replaced = fills_->replace(*running);
    }
    const auto begun =
        fills_->begin(wish.name, generations_->ticket(), *slot, now);
    if (!begun) {
        return {FillPart::alone, {}};
    }
    return {FillPart::lead, *begun, memory_->has(wish.object)};
}

// Under the lock.
bool Zone::is_awaited_now(const shm::FillId &fill) const
{
    return fills_->exists(fill) && fills_->at(fill).waiting != WorkerSet();
}

bool Zone::is_awaited(const shm::FillId &fill)
{
    const Lock lock(*this);
    return is_awaited_now(fill);
}

void Zone::end_fill(const shm::FillId &fill)
{
    WorkerSet waiting;
    {
        const Lock lock(*this);
        waiting = fills_->end(fill);
    }
    ngx::ring(waiting);
}

void Zone::end_stored(const shm::FillId &fill, const Hash128 &name)
{
    WorkerSet waiting;
    {
        const Lock lock(*this);
        hit_for_miss_->forget(name);
        waiting = fills_->end(fill);
    }
    ngx::ring(waiting);
}

bool Zone::is_noted(const Hash128 &name)
{
    const Lock lock(*this);
    return hit_for_miss_->find(name, ngx::boot_now()).has_value();
}

void Zone::note_refused(const Hash128 &name, Place place, Millis time,
                        cache::Reason why)
{
    const BootTime now = ngx::boot_now();
    const Lock lock(*this);
    if (time > Millis(0)) {
        hit_for_miss_->remember(name, place, now + time, {why, now});
    } else {
        hit_for_miss_->note(name, {why, now});
    }
}

bool Zone::is_over(const FillWait &wait)
{
    const Lock lock(*this);
    return wait.is_over(*fills_);
}

void Zone::wake_waits()
{
    {
        const Lock lock(*this);
        if (std::exchange(changes_seen_, fills_->changes()) !=
            fills_->changes()) {
            wake_changed();
        }
    }
    for (ArrivalWait *wait : arrival_waits_) {
        if (wait->has_more()) {
            wait->wake();
        }
    }
}

// Under the lock.
void Zone::wake_changed()
{
    for (FillWait *wait : waits_) {
        if (wait->is_over(*fills_)) {
            wait->wake();
        }
    }
    for (ArrivalWait *wait : arrival_waits_) {
        if (!fills_->exists(wait->fill())) {
            wait->wake();
        }
    }
}

void Zone::wake_waits_elsewhere()
{
    for (FillWait *wait : waits_) {
        if (wait->until() == FillWait::Until::released) {
            wait->wake();
        }
    }
}

void Zone::wait_elsewhere(const shm::FillId &fill, const Hash128 &lock)
{
    const Lock guard(*this);
    fills_->wait_elsewhere(fill, lock, static_cast<std::size_t>(ngx_worker),
                           ngx::boot_now());
}

void Zone::end_elsewhere(const Hash128 &lock)
{
    WorkerSet fillers;
    {
        const Lock guard(*this);
        fillers = fills_->end_elsewhere(lock);
    }
    ngx::ring(fillers);
}

std::size_t Zone::running_fills()
{
    const Lock lock(*this);
    return fills_->used();
}

FillRole::~FillRole()
{
    if (zone_ != nullptr) {
        end(Millis(0));
    }
}

bool FillRole::is_awaited() const
{
    return zone_->is_awaited(fill_);
}

// What is known is written down before anybody is woken.
void FillRole::end_stored()
{
    leave(Millis(0)).end_stored(fill_, name_);
}

void FillRole::end_refused(Millis hit_for_miss, cache::Reason why)
{
    zone_->note_refused(name_, Place::origin, hit_for_miss, why);
    end(hit_for_miss);
}

void FillRole::end_in_redis(Millis hit_for_miss, cache::Reason why)
{
    zone_->note_refused(name_, Place::redis, hit_for_miss, why);
    end(Millis(0));
}

void FillRole::end(Millis hit_for_miss)
{
    leave(hit_for_miss).end_fill(fill_);
}

Zone &FillRole::leave(Millis hit_for_miss)
{
    Zone &zone = *std::exchange(zone_, nullptr);
    if (lock_ && zone.redis() != nullptr) {
        zone.redis()->locks().release(*lock_, hit_for_miss);
    }
    return zone;
}

FillWait::FillWait(ngx::Flow &flow, Zone &zone, const shm::FillId &fill,
                   Millis longest, Until until)
    : BoundedWait(flow, zone, fill, longest), until_(until)
{
    zone_.waits().insert(this);
}

bool FillWait::await_ready() const
{
    return zone_.is_over(*this);
}

bool FillWait::is_over(const shm::RunningFills &fills) const
{
    switch (until_) {
    case Until::ended:
        return !fills.runs(fill());
    case Until::arrives:
        return !fills.runs(fill()) || fills.at(fill()).arrives;
    case Until::released:
        break;
    }
    return !fills.waits_elsewhere(fill());
}

FillWait::~FillWait()
{
    zone_.waits().erase(this);
}

} // namespace edge::tier
