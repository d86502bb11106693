// The table of purges: row key -> generation of the last hard and of the last
// soft one. Fixed in size; when it is full, the row that was raised longest
// ago makes room, and raise() says what has been forgotten with it.
//
// A view of shared memory, cheap to copy. Callers hold the zone's lock; after
// a kill -9 inside of it, clear() comes first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "invalidate/generation.h"
#include "invalidate/selector.h"

namespace edge::shm {

enum class Usability
{
    usable,
    stale_only, // soft purged
    unusable
};

class PurgeRows
{
public:
    // Both 0: never purged.
    struct Last
    {
        invalidate::Generation hard;
        invalidate::Generation soft;

        // On what was filled when that much had been applied.
        Usability effect(invalidate::Generation ticket) const
        {
            return hard > ticket   ? Usability::unusable
                   : soft > ticket ? Usability::stale_only
                                   : Usability::usable;
        }
    };

    struct Row
    {
        invalidate::RowKey key;
        Last last;
        std::uint32_t next; // in its bucket
        // Neighbours by the time of the last raise.
        std::uint32_t older;
        std::uint32_t newer;
        std::uint32_t reserved;
    };

    struct State
    {
        std::uint64_t seed = 0; // random: no key is made for one bucket
        std::uint32_t used = 0;
        std::uint32_t oldest = 0;
        std::uint32_t newest = 0;
        std::uint32_t reserved = 0;
        std::uint64_t dropped = 0;
    };

    // At least two rows; as many buckets.
    PurgeRows(State *state, std::span<Row> rows,
              std::span<std::uint32_t> buckets)
        : state_(state), rows_(rows), buckets_(buckets)
    {
    }

    // Forgets all rows; `dropped` goes on counting.
    void clear();

    Last find(invalidate::RowKey key) const;

    // Never lowers a row. Returns the newest generation of the row that had to
    // go for it, 0 when none had to.
    invalidate::Generation raise(invalidate::RowKey key,
                                 invalidate::PurgeMode mode,
                                 invalidate::Generation generation);

    std::span<const Row> all() const { return rows_.first(state_->used); }

    std::size_t used() const { return state_->used; }
    std::uint64_t dropped() const { return state_->dropped; }

private:
    std::uint32_t &bucket(invalidate::RowKey key) const;
    std::uint32_t lookup(invalidate::RowKey key) const;
    void unlink_from_bucket(std::uint32_t index);
    void unlink_from_order(std::uint32_t index);
    void append_to_order(std::uint32_t index);
    std::uint32_t place(invalidate::RowKey key);

    State *state_;
    std::span<Row> rows_;
    std::span<std::uint32_t> buckets_;
};

} // namespace edge::shm
