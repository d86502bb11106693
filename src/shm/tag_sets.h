// Purges of what has several tags at once: set of rows -> the last hard and the
// last soft one. Fixed in size; when it is full, the set that came first makes
// room, and raise() gives it back.
//
// A set is found under one of its rows, the one under which the fewest others
// are: a tag that is in very many sets makes no lookup long.
//
// A view of shared memory, cheap to copy. Callers hold the zone's lock; after
// a kill -9 inside of it, clear() comes first.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "invalidate/record.h"
#include "invalidate/selector.h"
#include "shm/purge_mark.h"

namespace edge::shm {

class TagSets
{
public:
    struct Set
    {
        // Sorted, each once.
        std::array<invalidate::RowKey, invalidate::kMaxTogether> keys;
        std::uint32_t size;
        std::uint32_t anchor; // index of the row it is found under
        LastPurge last;
        std::uint32_t next; // in its bucket
        std::uint32_t reserved;

        std::span<const invalidate::RowKey> rows() const
        {
            return std::span(keys).first(size);
        }
    };

    struct State
    {
        std::uint64_t seed = 0; // random: no key is made for one bucket
        std::uint64_t head = 0; // of the ring: slots taken since clear()
        std::uint64_t dropped = 0;
    };

    // As many buckets as slots, at least one.
    TagSets(State *state, std::span<Set> slots,
            std::span<std::uint32_t> buckets)
        : state_(state), slots_(slots), buckets_(buckets)
    {
    }

    // Forgets all sets; `dropped` goes on counting.
    void clear();

    // 1 to kMaxTogether rows. Never lowers a set. Returns the one that had to
    // go for it.
    std::optional<Set> raise(std::span<const invalidate::RowKey> rows,
                             const PurgeMark &mark);

    // Those that are found under `row`.
    template <typename Use>
    void for_each(invalidate::RowKey row, Use use) const
    {
        for (std::uint32_t index = bucket(row); index != kNoSet;
             index = slots_[index].next) {
            const Set &set = slots_[index];
            if (set.keys[set.anchor] == row) {
                use(set);
            }
        }
    }

    std::span<const Set> all() const { return slots_.first(used()); }

    std::size_t used() const;
    std::uint64_t dropped() const { return state_->dropped; }

private:
    static constexpr std::uint32_t kNoSet = UINT32_MAX;

    std::uint32_t &bucket(invalidate::RowKey row) const;
    std::uint32_t place(Set &set);
    void unlink(std::uint32_t index);
    std::optional<Set> insert(Set set);

    State *state_;
    std::span<Set> slots_;
    std::span<std::uint32_t> buckets_;
};

} // namespace edge::shm
