// What Generations keeps in shared memory, and where it lies.
#pragma once

#include <algorithm>

#include "shm/generations.h"

namespace edge::shm {

struct Generations::State
{
    static constexpr std::uint64_t kMagic = 0x33736e6567656465; // "edegens3"

    std::uint64_t magic = 0;
    std::uint32_t rows = 0;
    std::uint32_t own_log = 0;
    std::uint64_t random = 0;

    std::uint64_t changes = 0;
    invalidate::Position applied;
    invalidate::Position epoch;
    invalidate::Generation floor;
    invalidate::Generation newest; // of all that was ever put into a row
    // Epochs that this instance lived through, oldest first: sequence 0.
    std::array<invalidate::Position, kEpochs> accepted{};
    Standing standing;
    // The last record that was applied; outlasts a doubt.
    invalidate::Position last;
    // Rows with a generation in (lost_after, lost_until] are in no log.
    invalidate::Generation lost_after;
    invalidate::Generation lost_until;

    // The last purge, and when the last settle time of one is over.
    BootTime purged_at = BootTime::min();
    BootTime settled_at = BootTime::min();
    LastPurge forgotten; // of all rows that had to go

    std::uint64_t local = 0;
    std::uint64_t local_purges = 0;
    std::array<LocalPurge, kLocalPurges> local_purge{};

    // The last unsafe method here, and until when any of them holds.
    std::uint64_t exact_local = 0;
    BootTime hold_until = BootTime::min();

    PurgeRows::State table;
    TagSets::State sets;
    ExactRows::State exact;
};

// Sets that matter, of which the entry has all.
template <typename Matters, typename Use>
void Generations::for_each_set(const invalidate::EntryRows &entry,
                               Matters matters, Use use) const
{
    if (sets_.used() == 0) {
        return;
    }
    const auto use_if_all = [&](const TagSets::Set &set) {
        if (matters(set.last) &&
            std::ranges::all_of(set.rows(), [&entry](invalidate::RowKey row) {
                return entry.contains(row);
            })) {
            use(set);
        }
    };
    entry.for_each(
        [&](invalidate::RowKey row) { sets_.for_each(row, use_if_all); });
}

// Those of which the entry has all rows; the first row stands for them.
template <typename Use>
void Generations::for_each_local_purge(const invalidate::EntryRows &entry,
                                       Use use) const
{
    for (auto rest = local_purges(); !rest.empty();
         rest = rest.subspan(rest.front().together)) {
        if (std::ranges::all_of(rest.first(rest.front().together),
                                [&entry](const LocalPurge &purge) {
                                    return entry.contains(purge.row);
                                })) {
            use(rest.front());
        }
    }
}

struct Generations::Parts
{
    State *state;
    std::span<PurgeRows::Row> rows;
    std::span<std::uint32_t> buckets;
    std::span<TagSets::Set> sets;
    std::span<std::uint32_t> set_buckets;
    std::span<ExactRows::Slot> exact;
    std::span<std::uint32_t> exact_buckets;
};

} // namespace edge::shm
