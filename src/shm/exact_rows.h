// What unsafe methods have invalidated: exact names (a URL, a key, a group),
// as many as there are writes. They must not push out what operators purged,
// nor make everything else unusable, so they are remembered in a ring of their
// own, and for a while only: before a row is forgotten, the objects in memory
// have been compared with it (MemoryTier::sweep), and what comes later from
// elsewhere has to be younger than it (ExactFloor).
//
// A view of shared memory, cheap to copy. Callers hold the zone's lock; after
// a kill -9 inside of it, clear() comes first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/time.h"
#include "invalidate/generation.h"
#include "invalidate/selector.h"

namespace edge::shm {

struct ExactRow
{
    invalidate::RowKey key = 0;
    // Of the last record of it that was applied; 0: of none.
    invalidate::Generation generation;
    // The local counter, while no record stands for it; and the position this
    // instance had applied then.
    std::uint64_t local = 0;
    invalidate::Generation local_at;
    // Until then nothing of that name is served, nor stored what was asked for
    // before (protocol 9).
    BootTime hold_until = BootTime::min();
    // Until then a write of that name needs no record of its own.
    BootTime window_until = BootTime::min();

    bool hits(const invalidate::Ticket &ticket, BootTime now) const
    {
        return generation > ticket.generation || local > ticket.local ||
               now < hold_until;
    }
};

// What has been forgotten, at the most. What is stored anew, or read from
// Redis, and is not younger may have been invalidated.
struct ExactFloor
{
    invalidate::Generation generation;
    std::uint64_t local = 0;
    invalidate::Generation local_at;
    BootTime hold_until = BootTime::min();

    bool accepts(const invalidate::Ticket &ticket, BootTime now) const
    {
        return now >= hold_until && ticket.generation >= generation &&
               (ticket.local >= local || ticket.generation > local_at);
    }
};

// Called before each row that is renewed, which may have another one
// forgotten: a part of the objects in memory is to be compared with the rows.
struct BeforeRow
{
    void (*callback)(void *) = nullptr;
    void *data = nullptr;

    void operator()() const
    {
        if (callback != nullptr) {
            callback(data);
        }
    }
};

class ExactRows
{
public:
    struct Slot
    {
        ExactRow row;
        std::uint32_t next; // in its bucket
        std::uint32_t used;
    };

    struct State
    {
        std::uint64_t seed = 0;
        std::uint64_t head = 0; // of the ring: slots taken since the beginning
        ExactFloor floor;
    };

    // As many buckets as slots, at least one.
    ExactRows(State *state, std::span<Slot> slots,
              std::span<std::uint32_t> buckets)
        : state_(state), slots_(slots), buckets_(buckets)
    {
    }

    // Forgets all rows, and what it knew of those before.
    void clear();

    const ExactRow *find(invalidate::RowKey key) const;
    ExactRow *find(invalidate::RowKey key);
    // The row, newest of all from now on; the oldest may be forgotten for it.
    ExactRow &renew(invalidate::RowKey key);

    const ExactFloor &floor() const { return state_->floor; }
    std::size_t size() const { return slots_.size(); }

private:
    std::uint32_t &bucket(invalidate::RowKey key) const;
    std::uint32_t lookup(invalidate::RowKey key) const;
    void unlink(std::uint32_t index);
    void forget(std::uint32_t index);

    State *state_;
    std::span<Slot> slots_;
    std::span<std::uint32_t> buckets_;
};

} // namespace edge::shm
