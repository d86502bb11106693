// Purges that this instance was told of, until the log has them.
#include <algorithm>

#include "ngx/random.h"
#include "tier/zone.h"

namespace edge::tier {

invalidate::Generation Zone::purge(std::span<const invalidate::RowKey> rows,
                                   invalidate::PurgeMode mode)
{
    const Lock lock(*this);
    return generations_->purge(rows, mode);
}

void Zone::purge_locally(std::span<const invalidate::RowKey> rows,
                         invalidate::PurgeMode mode)
{
    const Lock lock(*this);
    generations_->purge_locally(rows, mode);
}

// Of both modes in one: hard takes more away than soft, never less.
LocalPurges Zone::local_purges()
{
    LocalPurges local;
    local.purge.request = ngx::random_text();
    local.purge.mode = invalidate::PurgeMode::soft;
    const Lock lock(*this);
    for (const shm::LocalPurge &purge : generations_->local_purges()) {
        local.purge.rows.push_back(purge.row);
        local.counter = std::max(local.counter, purge.local);
        if (purge.mode == invalidate::PurgeMode::hard) {
            local.purge.mode = invalidate::PurgeMode::hard;
        }
    }
    return local;
}

void Zone::settle(const LocalPurges &local, const invalidate::Position &record)
{
    const Lock lock(*this);
    generations_->settle(local.counter, record);
}

shm::LostPurges Zone::lost_purges()
{
    const Lock lock(*this);
    return generations_->lost_purges();
}

} // namespace edge::tier
