#include "shm/exact_rows.h"

#include <algorithm>
#include <utility>

namespace edge::shm {

using invalidate::RowKey;

namespace {

constexpr std::uint32_t kNoSlot = UINT32_MAX;

} // namespace

void ExactRows::clear()
{
    std::ranges::fill(buckets_, kNoSlot);
    for (Slot &slot : slots_) {
        slot.used = 0;
    }
    state_->head = 0;
    state_->floor = {};
}

std::uint32_t &ExactRows::bucket(RowKey key) const
{
    const std::uint64_t mixed = (key ^ state_->seed) * 0x9e3779b97f4a7c15;
    return buckets_[(mixed >> 32) % buckets_.size()];
}

std::uint32_t ExactRows::lookup(RowKey key) const
{
    std::uint32_t index = bucket(key);
    while (index != kNoSlot && slots_[index].row.key != key) {
        index = slots_[index].next;
    }
    return index;
}

const ExactRow *ExactRows::find(RowKey key) const
{
    const std::uint32_t index = lookup(key);
    return index == kNoSlot ? nullptr : &slots_[index].row;
}

ExactRow *ExactRows::find(RowKey key)
{
    return const_cast<ExactRow *>(std::as_const(*this).find(key));
}

void ExactRows::unlink(std::uint32_t index)
{
    std::uint32_t *link = &bucket(slots_[index].row.key);
    while (*link != index) {
        link = &slots_[*link].next;
    }
    *link = slots_[index].next;
    slots_[index].used = 0;
}

void ExactRows::forget(std::uint32_t index)
{
    const ExactRow &row = slots_[index].row;
    ExactFloor &floor = state_->floor;
    floor.generation = std::max(floor.generation, row.generation);
    floor.hold_until = std::max(floor.hold_until, row.hold_until);
    if (row.local != 0) {
        floor.local = std::max(floor.local, row.local);
        floor.local_at = std::max(floor.local_at, row.local_at);
    }
    unlink(index);
}

ExactRow &ExactRows::renew(RowKey key)
{
    ExactRow row;
    row.key = key;
    if (const std::uint32_t old = lookup(key); old != kNoSlot) {
        row = slots_[old].row;
        unlink(old);
    }
    const auto index =
        static_cast<std::uint32_t>(state_->head++ % slots_.size());
    if (slots_[index].used) {
        forget(index);
    }
    std::uint32_t &first = bucket(key);
    slots_[index] = {row, first, 1};
    first = index;
    return slots_[index].row;
}

} // namespace edge::shm
