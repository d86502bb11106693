#include "shm/tag_sets.h"

#include <algorithm>

namespace edge::shm {

using invalidate::RowKey;

namespace {

TagSets::Set set_of(std::span<const RowKey> rows)
{
    TagSets::Set set{};
    for (const RowKey row : rows) {
        const auto end = set.keys.begin() + set.size;
        const auto at = std::lower_bound(set.keys.begin(), end, row);
        if (at == end || *at != row) {
            std::copy_backward(at, end, end + 1);
            *at = row;
            set.size++;
        }
    }
    return set;
}

} // namespace

void TagSets::clear()
{
    std::ranges::fill(buckets_, kNoSet);
    state_->head = 0;
}

std::size_t TagSets::used() const
{
    return std::min<std::size_t>(state_->head, slots_.size());
}

std::uint32_t &TagSets::bucket(RowKey row) const
{
    const std::uint64_t mixed = (row ^ state_->seed) * 0x9e3779b97f4a7c15;
    return buckets_[(mixed >> 32) % buckets_.size()];
}

// Where the same set is; kNoSet: nowhere, and then its anchor is chosen.
std::uint32_t TagSets::place(Set &set)
{
    std::size_t fewest = SIZE_MAX;
    for (std::uint32_t i = 0; i < set.size; i++) {
        std::size_t others = 0;
        std::uint32_t index = bucket(set.keys[i]);
        for (; index != kNoSet; index = slots_[index].next) {
            if (std::ranges::equal(slots_[index].rows(), set.rows())) {
                return index;
            }
            others++;
        }
        if (others < fewest) {
            fewest = others;
            set.anchor = i;
        }
    }
    return kNoSet;
}

void TagSets::unlink(std::uint32_t index)
{
    const Set &set = slots_[index];
    std::uint32_t *link = &bucket(set.keys[set.anchor]);
    while (*link != index) {
        link = &slots_[*link].next;
    }
    *link = set.next;
}

std::optional<TagSets::Set> TagSets::insert(Set set)
{
    const auto index =
        static_cast<std::uint32_t>(state_->head % slots_.size());
    std::optional<Set> forgotten;
    if (state_->head >= slots_.size()) {
        forgotten = slots_[index];
        unlink(index);
        state_->dropped++;
    }
    state_->head++;
    std::uint32_t &first = bucket(set.keys[set.anchor]);
    set.next = first;
    slots_[index] = set;
    first = index;
    return forgotten;
}

std::optional<TagSets::Set> TagSets::raise(std::span<const RowKey> rows,
                                           const PurgeMark &mark)
{
    Set set = set_of(rows);
    const std::uint32_t there = place(set);
    (there == kNoSet ? set.last : slots_[there].last).note(mark);
    return there == kNoSet ? insert(set) : std::nullopt;
}

} // namespace edge::shm
