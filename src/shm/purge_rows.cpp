#include "shm/purge_rows.h"

#include <algorithm>

namespace edge::shm {

using invalidate::RowKey;

namespace {

constexpr std::uint32_t kNoRow = UINT32_MAX;

} // namespace

void PurgeRows::clear()
{
    std::ranges::fill(buckets_, kNoRow);
    state_->oldest = state_->newest = kNoRow;
    state_->used = 0;
}

std::uint32_t &PurgeRows::bucket(RowKey key) const
{
    const std::uint64_t mixed = (key ^ state_->seed) * 0x9e3779b97f4a7c15;
    return buckets_[(mixed >> 32) % buckets_.size()];
}

std::uint32_t PurgeRows::lookup(RowKey key) const
{
    std::uint32_t index = bucket(key);
    while (index != kNoRow && rows_[index].key != key) {
        index = rows_[index].next;
    }
    return index;
}

LastPurge PurgeRows::find(RowKey key) const
{
    const std::uint32_t index = lookup(key);
    return index == kNoRow ? LastPurge{} : rows_[index].last;
}

void PurgeRows::unlink_from_bucket(std::uint32_t index)
{
    std::uint32_t *link = &bucket(rows_[index].key);
    while (*link != index) {
        link = &rows_[*link].next;
    }
    *link = rows_[index].next;
}

void PurgeRows::unlink_from_order(std::uint32_t index)
{
    const Row &row = rows_[index];
    (row.older == kNoRow ? state_->oldest : rows_[row.older].newer) = row.newer;
    (row.newer == kNoRow ? state_->newest : rows_[row.newer].older) = row.older;
}

void PurgeRows::append_to_order(std::uint32_t index)
{
    Row &row = rows_[index];
    row.older = state_->newest;
    row.newer = kNoRow;
    (row.older == kNoRow ? state_->oldest : rows_[row.older].newer) = index;
    state_->newest = index;
}

// An unused row, or else the oldest; in its bucket and in no order.
std::uint32_t PurgeRows::place(RowKey key)
{
    std::uint32_t index = state_->used;
    if (index < rows_.size()) {
        state_->used++;
    } else {
        index = state_->oldest;
        unlink_from_bucket(index);
        unlink_from_order(index);
        state_->dropped++;
    }
    std::uint32_t &first = bucket(key);
    rows_[index] = {key, {}, first, kNoRow, kNoRow, 0};
    first = index;
    return index;
}

LastPurge PurgeRows::raise(RowKey key, const PurgeMark &mark)
{
    LastPurge forgotten;
    std::uint32_t index = lookup(key);
    if (index == kNoRow) {
        if (state_->used == rows_.size()) {
            forgotten = rows_[state_->oldest].last;
        }
        index = place(key);
    } else {
        unlink_from_order(index);
    }
    append_to_order(index);
    rows_[index].last.note(mark);
    return forgotten;
}

} // namespace edge::shm
