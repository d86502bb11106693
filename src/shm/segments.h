// Who makes room for what comes: S3-FIFO (Yang, Zhang, Qiu, Yue, Rashmi: "FIFO
// Queues are All You Need for Cache Eviction", SOSP 2023) with SIEVE in the
// place of its main queue, and shares for tenants and for errors.
//
// What comes is on probation, in a tenth of the memory. What was asked for
// again when its time there is over goes to the main part; what was not is
// gone, so that what is asked for once, however much of it, takes nothing from
// what is in use. (An admission filter, as TinyLFU, has hit ratios as good; but
// without a second tier it costs the origin one more fetch of each object.)
// Answers that say that there is nothing have a small part of their own.
//
// A tenant that has more than its share of a part makes room from what it has
// there itself, whatever it does to be asked for again. One that has less is
// never pushed out by one that has more. Nobody has to make room before memory
// is full, whatever his share; and what has expired is anybody's room.
//
// Each object is in two queues: of its part, and of what its tenant holds in
// that. A step is taken in one of them, so its time does not depend on how many
// objects or tenants there are. Where there are more tenants than places for
// them, several have one share together.
//
// A view of shared memory; callers hold the lock.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "shm/sieve.h"

namespace edge::shm {

// In percent of the memory: what errors may have, and one tenant of each
// segment.
struct Shares
{
    std::uint32_t negative = 5;
    std::uint32_t tenant = 100;

    friend bool operator==(const Shares &, const Shares &) = default;
};

class Segments
{
public:
    static constexpr std::uint32_t kProbationPercent = 10;

    struct Part
    {
        Sieve::State queue;
        std::uint64_t blocks;
        std::uint64_t limit;
        std::uint64_t share;  // of one tenant; more than there is: no limit
        std::uint64_t evicted;
        std::uint32_t over; // tenants that have more than their share
    };

    // What one tenant has of one segment.
    struct Holding
    {
        Sieve::State queue;
        std::uint32_t blocks;
    };

    // Whoever has anything, by a hash of its name.
    struct Tenant
    {
        std::uint64_t name;
        std::array<Holding, kSegments> holdings;
    };

    struct State
    {
        std::array<Part, kSegments> parts;
        Shares shares;
        std::uint64_t promoted;
        // Of all that were evicted, by their own tenant.
        std::uint64_t evicted_by_share;
    };

    // `blocks`: all there are. Of names in zeroed memory.
    Segments(State *state, std::span<Tenant> tenants, std::uint32_t blocks,
             Nodes nodes)
        : state_(state), tenants_(tenants), blocks_(blocks), nodes_(nodes)
    {
    }

    // Counts go on.
    void clear();
    void set_shares(const Shares &shares);
    const Shares &shares() const { return state_->shares; }

    std::uint32_t tenants() const
    {
        return static_cast<std::uint32_t>(tenants_.size());
    }
    // Of a name's hash that nobody outside can choose.
    std::uint32_t place_of(std::uint64_t name);
    std::uint32_t count() const;
    const Part &part(Segment segment) const
    {
        return state_->parts[static_cast<std::size_t>(segment)];
    }
    std::uint64_t promoted() const { return state_->promoted; }
    std::uint64_t evicted_by_share() const
    {
        return state_->evicted_by_share;
    }

    // Its node says which tenant and which segment.
    void insert(Block block);
    void erase(Block block);

    // One step towards room for something of that tenant: the object to evict,
    // or kNone when it came to one that stays for now. `in_vain`: so many steps
    // have found nothing.
    Block step(std::uint32_t tenant, BootTime now, std::uint64_t in_vain);

    bool check() const;

private:
    Part &part(Segment segment)
    {
        return state_->parts[static_cast<std::size_t>(segment)];
    }
    Holding &holding(std::uint32_t tenant, Segment segment) const
    {
        return tenants_[tenant].holdings[static_cast<std::size_t>(segment)];
    }
    Sieve queue(Segment segment);
    Sieve queue(std::uint32_t tenant, Segment segment) const;
    bool has_nothing(const Tenant &tenant) const;
    bool is_over(std::uint32_t tenant, Segment segment) const;
    Segment crowded(std::uint64_t in_vain) const;
    Block next_if_expired(Segment segment, BootTime now);
    void promote(Block block);
    bool check_counts(Segment segment) const;

    State *state_;
    std::span<Tenant> tenants_;
    std::uint32_t blocks_;
    Nodes nodes_;
};

} // namespace edge::shm
