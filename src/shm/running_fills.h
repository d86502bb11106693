// The fills that are under way in an instance, found by what they fill, so
// that one fetch answers all who ask for the same.
//
// A view of shared memory, cheap to copy. Callers hold the zone's lock. After
// a recovery no fill is known: those who wait look for themselves.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/hash.h"
#include "base/time.h"
#include "base/worker_set.h"
#include "invalidate/generation.h"
#include "shm/owners.h"
#include "shm/pins.h"

namespace edge::shm {

// Names one fill for ever: ids are not used again.
struct FillId
{
    std::uint32_t row = 0;
    std::uint64_t id = 0;
};

// An answer that is read while it arrives: reservations of the memory tier,
// pinned by the filler until all of it is there, and longer.
struct Arriving
{
    Pin object;
    // That of the resource's Vary, if it has one: what it will be found by.
    Pin vary;
    bool has_vary;
};

struct RunningFill
{
    Hash128 name;
    std::uint64_t id; // 0: the row is free
    invalidate::Ticket ticket;
    std::int64_t started; // BootTime
    std::int64_t moved;   // when more of it arrived, or 0
    WorkerSet waiting;
    // Another instance fills it under this name, and our filler waits for it.
    Hash128 elsewhere;
    std::uint32_t worker; // of the filler
    bool waits_elsewhere;
    bool arrives;
    // Nobody finds it any more; it is there for those who read it.
    bool replaced;
    OwnerSlot owner;
    Arriving arriving; // if it arrives
    std::uint32_t next; // in its bucket, or among the free rows
};

class RunningFills
{
public:
    static constexpr std::size_t kAlignment = 8;

    static std::size_t bytes_for(std::uint32_t rows);
    // Of aligned memory of at least bytes_for(rows); at least one row. nullopt:
    // it is not, or holds something else (attach).
    static std::optional<RunningFills> format(std::span<std::byte> memory,
                                              std::uint32_t rows);
    static std::optional<RunningFills> attach(std::span<std::byte> memory);

    // nullopt: nobody fills `name`.
    std::optional<FillId> find(const Hash128 &name) const;
    // Only of a fill that exists().
    const RunningFill &at(const FillId &fill) const;
    // Its filler has not ended it, and lives.
    bool exists(const FillId &fill) const;
    // The same, and it is worth waiting for.
    bool runs(const FillId &fill) const;

    // nullopt: all rows are taken. Nobody fills `name` yet.
    std::optional<FillId> begin(const Hash128 &name,
                                const invalidate::Ticket &ticket,
                                OwnerSlot owner, BootTime now);
    // That worker is to be told when the fill ends, if it runs, and of
    // whatever arrives of it.
    void wait(const FillId &fill, std::size_t worker);
    // False: it does not run any more.
    bool arrive(const FillId &fill, const Arriving &what);
    // There is more of it. Who is to be told.
    WorkerSet move(const FillId &fill, BootTime now);
    // Who is to be told; nobody when it does not exist any more.
    WorkerSet end(const FillId &fill);
    // Another one takes its name: the same, but for those who read it already
    // it goes on.
    WorkerSet replace(const FillId &fill);

    // The filler, in `worker`, waits for another instance's fill of that name.
    // It begins anew: until it has asked it does not count as hanging.
    void wait_elsewhere(const FillId &fill, const Hash128 &name,
                        std::size_t worker, BootTime now);
    bool waits_elsewhere(const FillId &fill) const;
    // Whose fillers are to be told.
    WorkerSet end_elsewhere(const Hash128 &name);

    // Ends all that a process fills that has died.
    WorkerSet end_all_of(OwnerSlot owner);

    void recover();

    // Another number whenever something has changed for those who wait.
    std::uint64_t changes() const;

    std::size_t size() const { return rows_.size(); }
    std::size_t used() const;

private:
    struct State;

    RunningFills(std::span<std::byte> memory, std::uint32_t rows);

    std::uint32_t &bucket(const Hash128 &name) const;
    void unlink(std::uint32_t row);
    FillId id_of(std::uint32_t row) const { return {row, rows_[row].id}; }

    State *state_;
    std::span<RunningFill> rows_;
    std::span<std::uint32_t> buckets_;
};

} // namespace edge::shm
