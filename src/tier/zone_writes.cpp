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

// So far that the whole index is looked through before a row is forgotten.
void Zone::sweep(std::size_t rows)
{
    const std::size_t room = generations_->exact_rows();
    const std::size_t buckets = (memory_->bucket_count() + room - 1) / room;
    memory_->sweep(buckets * rows, &is_invalidated, &*generations_);
}

bool Zone::invalidate(std::span<const invalidate::RowKey> rows, Millis hold,
                      std::uint64_t &counter)
{
    const Lock lock(*this);
    const BootTime now = ngx::boot_now();
    if (generations_->is_covered(rows, now)) {
        return false;
    }
    counter = generations_->invalidate(rows, hold, now);
    sweep(rows.size());
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
    const auto *purge = std::get_if<invalidate::Purge>(&record.what);
    {
        const Lock lock(*this);
        if (generations_->apply(record, ngx::boot_now()) && purge != nullptr &&
            purge->hold > Millis(0)) {
            sweep(purge->rows.size());
        }
    }
    if (purge != nullptr) {
        tell_of(*purge);
    }
}

} // namespace edge::tier
