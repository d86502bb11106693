// What unsafe methods invalidate, and what that takes from memory.
#include "cache/entry.h"
#include "ngx/clock.h"
#include "tier/zone.h"

namespace edge::tier {

namespace {

bool is_invalidated(void *generations, std::string_view head)
{
    const auto decoded = cache::decode_head(head);
    const auto *entry = std::get_if<cache::Entry>(&decoded);
    return entry == nullptr ||
           static_cast<shm::Generations *>(generations)
               ->is_invalidated(entry->ticket, entry->selectors,
                                invalidate::hash_tenant(entry->tenant));
}

} // namespace

// So far for each row that the whole index is looked through before one is
// forgotten.
void Zone::sweep(void *data)
{
    auto *self = static_cast<Zone *>(data);
    const std::size_t room = self->generations_->exact_rows();
    const std::size_t buckets = self->memory_->bucket_count();
    self->memory_->sweep((buckets + room - 1) / room, &is_invalidated,
                         &*self->generations_);
}

bool Zone::invalidate(std::span<const invalidate::RowKey> rows, Millis hold,
                      std::uint64_t &counter)
{
    const Lock lock(*this);
    const BootTime now = ngx::boot_now();
    if (generations_->is_covered(rows, now)) {
        return false;
    }
    counter = generations_->invalidate(rows, hold, now, {&Zone::sweep, this});
    return true;
}

void Zone::cover(std::span<const invalidate::RowKey> rows)
{
    const Lock lock(*this);
    generations_->cover(rows, ngx::boot_now());
}

void Zone::uncover(std::span<const invalidate::RowKey> rows)
{
    const Lock lock(*this);
    generations_->uncover(rows);
}

void Zone::settle_exact(std::span<const invalidate::RowKey> rows,
                        std::uint64_t counter,
                        const invalidate::Position &record)
{
    const Lock lock(*this);
    generations_->settle_exact(rows, counter, record);
}

void Zone::apply(const invalidate::Record &record)
{
    {
        const Lock lock(*this);
        generations_->apply(record, ngx::boot_now(), {&Zone::sweep, this});
    }
    if (const auto *purge = std::get_if<invalidate::Purge>(&record.what)) {
        tell_of(*purge);
    }
}

} // namespace edge::tier
