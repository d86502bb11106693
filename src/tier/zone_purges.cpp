// Purges that this instance was told of, until the log has them.
#include <algorithm>

#include "ngx/clock.h"
#include "ngx/random.h"
#include "tier/zone.h"

namespace edge::tier {

invalidate::Generation Zone::purge(const invalidate::Purge &purge)
{
    invalidate::Generation generation;
    {
        const Lock lock(*this);
        generation = generations_->purge(purge, ngx::boot_now());
    }
    tell_of(purge);
    return generation;
}

void Zone::purge_locally(const invalidate::Purge &purge)
{
    {
        const Lock lock(*this);
        generations_->purge_locally(purge, ngx::boot_now());
    }
    tell_of(purge);
}

void Zone::tell_of(const invalidate::Purge &purge) const
{
    if (tell_of_soft_ != nullptr &&
        purge.mode == invalidate::PurgeMode::soft) {
        tell_of_soft_(soft_data_);
    }
}

// Of both modes in one: hard takes more away than soft, never less. Sets of
// tags only with those of the same size.
LocalPurges Zone::local_purges()
{
    LocalPurges local;
    local.purge.request = ngx::random_text();
    local.purge.mode = invalidate::PurgeMode::soft;
    const Lock lock(*this);
    const auto purges = generations_->local_purges();
    if (!purges.empty()) {
        local.purge.together = purges.front().together;
    }
    for (const shm::LocalPurge &purge : purges) {
        if (purge.together != local.purge.together) {
            break;
        }
        local.purge.rows.push_back(purge.row);
        local.purge.settle = std::max(local.purge.settle, purge.settle);
        local.counter = std::max(local.counter, purge.local);
        if (purge.mode == invalidate::PurgeMode::hard) {
            local.purge.mode = invalidate::PurgeMode::hard;
        }
    }
    return local;
}

bool Zone::settle(const LocalPurges &local, const invalidate::Position &record)
{
    const Lock lock(*this);
    return generations_->settle(local.counter, record);
}

std::optional<Millis> Zone::keep_time(const cache::Entry &entry, Millis least)
{
    const Lock lock(*this);
    return generations_->keep_time(entry.ticket, entry.selectors,
                                   invalidate::hash_tenant(entry.tenant),
                                   least);
}

shm::LostPurges Zone::lost_purges()
{
    const Lock lock(*this);
    return generations_->lost_purges();
}

} // namespace edge::tier
