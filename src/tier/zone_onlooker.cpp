// What people ask of a zone.
#include "ngx/clock.h"
#include "tier/zone.h"

namespace edge::tier {

shm::Objection Zone::objection(const cache::Entry &entry, bool in_memory)
{
    const Lock lock(*this);
    const BootTime now = ngx::boot_now();
    if (!may_serve(now) || generations_->applied().nonce == 0) {
        return {shm::Usability::unusable, shm::Objection::Cause::behind, 0, {}};
    }
    return generations_->objection(entry.ticket, entry.selectors,
                                   invalidate::hash_tenant(entry.tenant),
                                   {now, in_memory});
}

FillStanding Zone::fill_standing(const Hash128 &name)
{
    const BootTime now = ngx::boot_now();
    FillStanding standing;
    const Lock lock(*this);
    standing.refused = hit_for_miss_->look(name);
    if (const auto fill = fills_->find(name)) {
        standing.running = now - BootTime(Millis(fills_->at(*fill).started));
        standing.is_elsewhere = fills_->waits_elsewhere(*fill);
    }
    return standing;
}

} // namespace edge::tier
