// The table of purges: row key -> the last hard and the last soft one. Fixed in
// size; when it is full, the row that was raised longest ago makes room, and
// raise() says what has been forgotten with it.
//
// A view of shared memory, cheap to copy. Callers hold the zone's lock; after
// a kill -9 inside of it, clear() comes first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "invalidate/generation.h"
#include "invalidate/selector.h"
#include "shm/purge_mark.h"

namespace edge::shm {

class PurgeRows
{
public:
    struct Row
    {
        invalidate::RowKey key;
        LastPurge last;
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

    LastPurge find(invalidate::RowKey key) const;

    // Never lowers a row. Returns what had to be forgotten for it: nothing as
    // a rule.
    LastPurge raise(invalidate::RowKey key, const PurgeMark &mark);

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
