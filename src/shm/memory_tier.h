// The memory tier: objects in one fixed piece of shared memory that all workers
// of an instance use, of both generations after a reload. Nothing in it is an
// address, all of it fits into the size that was asked for.
//
// Locking. Every method needs the zone's lock, held by a guard that sets a
// mark in the zone before the first write and clears it after the last. Who
// takes the lock and finds that mark set (a process died) calls recover()
// first. What a pin gives access to is read and filled in outside the lock.
//
// No method allocates, waits or throws. The time a call takes is bounded:
// find() and unpin() by a chain of about one, reserve() by kMaxSteps, publish()
// and remove_resource() by the number of variants, release_owner() by the
// number of pins, recover() and clear() by the size of the zone.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>

#include "base/hash.h"
#include "base/time.h"
#include "cache/most_used.h"
#include "shm/arena.h"
#include "shm/ghosts.h"
#include "shm/index.h"
#include "shm/object.h"
#include "shm/owners.h"
#include "shm/pins.h"
#include "shm/segments.h"

namespace edge::shm {

struct MemoryTierConfig
{
    // Random: places of hashes in the index cannot be guessed.
    std::uint64_t seed = 0;
    // Of one resource; the oldest leaves when one more is published.
    std::uint32_t max_variants = 64;
};

struct ObjectSpec
{
    Hash128 hash;
    // Hash of the primary key: equal to `hash` for the resource's own record
    // or object, different for a variant.
    Hash128 resource;
    std::size_t head_size = 0;
    std::size_t body_size = 0;
    // From then on no answer can be made of it, stale ones included.
    BootTime expires = BootTime::max();
    // The newest generation it was checked against.
    std::uint64_t checked = 0;
    // Hash of the tenant whose share it counts to.
    std::uint64_t tenant = 0;
    // The answer is an error: it counts to the share of those.
    bool is_negative = false;
    // body_size is what there is room for at first: see extend().
    bool grows = false;
    // Whether its uses are told (tell_uses).
    bool is_counted = true;
};

// Why find() gives no object.
enum class Absent
{
    missing,
    no_pin, // it is there, but all pins are in use
};

// Why reserve() gives no memory.
enum class Refused
{
    again,  // its share of time went into making room: release the lock and
            // repeat, about as often as the object has kMaxEvictions blocks
    full,   // larger than largest_object(), or all there is is pinned
    no_pin, // all pins are in use
};

struct SegmentStats
{
    std::uint64_t objects = 0;
    std::uint64_t bytes = 0;
    std::uint64_t evicted = 0;
    std::uint32_t tenants_over_share = 0;
};

// Since format(), except for what is in use now.
struct MemoryTierStats
{
    std::uint64_t objects = 0; // findable
    std::uint64_t bytes = 0;   // in use, by objects findable or pinned
    std::uint64_t capacity = 0;
    std::uint64_t pinned_objects = 0;
    std::uint64_t pinned_bytes = 0;
    std::uint32_t free_pins = 0;
    std::uint64_t evicted_capacity = 0;
    std::uint64_t evicted_variants = 0;
    std::uint64_t expired = 0;
    std::uint64_t swept = 0;
    // By Segment. What was evicted is a part of evicted_capacity, and so is
    // what tenants over their share evicted of their own.
    std::array<SegmentStats, kSegments> segments{};
    std::uint64_t evicted_by_share = 0;
    std::uint64_t promoted = 0;
    // Straight to the main part, as it had been here lately.
    std::uint64_t readmitted = 0;
};

class MemoryTier
{
public:
    static constexpr std::size_t kMinimumSize = 64 * 1024;
    static constexpr unsigned kMaxEvictions = 128;
    static constexpr unsigned kMaxSteps = 1024;

    // `zone` is aligned to kBlockSize and of at least kMinimumSize; otherwise
    // false. Nobody uses the zone yet.
    static bool format(std::span<std::byte> zone,
                       const MemoryTierConfig &config);
    // What format() left, at whatever address; nullopt when it is anything
    // else or of another version or size. Takes no lock.
    static std::optional<MemoryTier> attach(std::span<std::byte> zone);

    // Those of format() are none.
    void set_shares(const Shares &shares);

    // A slot for this process, its old one if it has one; nullopt when all are
    // taken by processes nobody has released.
    std::optional<OwnerSlot> claim_owner(std::uint32_t pid,
                                         std::uint64_t start);
    // Gives back all that `owner` holds, and the slot. Nothing happens when the
    // slot is another's by now: whether a process of owners() still lives is
    // found out without the lock.
    void release_owner(OwnerSlot slot, const Owner &owner);
    const Owners::Table &owners() const { return owners_.table(); }

    // Pins the object; one that has expired is removed and missing.
    std::variant<PinnedObject, Absent> find(const Hash128 &hash,
                                            OwnerSlot owner, BootTime now);
    // The same for onlookers: no use of it, and nothing is removed.
    std::variant<PinnedObject, Absent> peek(const Hash128 &hash,
                                            OwnerSlot owner, BootTime now);
    bool has(const Hash128 &hash) const { return index_.find(hash) != kNone; }
    // Whether reserve() would evict nothing for it.
    bool has_room(std::size_t head_size, std::size_t body_size) const;
    // Memory for an object, pinned. May evict others.
    std::variant<Reservation, Refused> reserve(const ObjectSpec &spec,
                                               OwnerSlot owner, BootTime now);
    // About so many bytes more for the body of a reservation that grows; how
    // many. May evict others. Full also when it has all extents it can have,
    // and for what is no such reservation (any more).
    std::variant<std::size_t, Refused> extend(const Pin &pin, std::size_t more,
                                              BootTime now);
    // All of it is there: it has that size, and the rest of its memory is given
    // back. Of its head, which others read, only what differs is written. Then
    // it can be published. Nothing happens to one that does not grow.
    void finish(const Pin &pin, std::string_view head, std::size_t body_size);
    // One more pin of what is pinned already, by whomever, be it found or not;
    // nullopt: it is not (any more), or all pins are in use.
    std::optional<PinnedObject> share(const Pin &held, OwnerSlot owner);
    bool holds(const Pin &pin) const { return pins_.holds(pin); }
    // Somebody else has it pinned, too.
    bool is_shared(const Pin &pin) const
    {
        return pins_.holds(pin) && nodes_[pin.node].pins > 1;
    }
    // From now on it is found, in place of an older one of the same hash. It
    // stays pinned. False when this is no pin of a reservation (any more).
    bool publish(const Pin &pin);
    // Gives the pin back, and with it a reservation that was not published. A
    // pin that is not held (any more) is ignored.
    void unpin(const Pin &pin);

    // Removed objects are not found any more; pinned ones keep their memory
    // until they are unpinned.
    bool remove(const Hash128 &hash);
    // The resource's own object and its variants; how many there were.
    std::size_t remove_resource(const Hash128 &resource);
    void clear() { rebuild(); }

    // Goes on through the index, `count` of its buckets, and removes
    // the objects that are useless: what is stored behind the place where it
    // is, is not looked at before the next round.
    using IsUseless = bool (*)(void *context, std::string_view head);
    void sweep(std::size_t count, IsUseless is_useless, void *context);

    // Makes a valid, empty zone of any state a process can have died in. What
    // living owners have pinned stays untouched, and so do reservations.
    void recover() { rebuild(); }

    // Of `count` of so many buckets, from `first` on: tells of each object that
    // was found since this was last told, and by what it replaced.
    using TellUse = void (*)(void *context, const cache::Used &used);
    void tell_uses(std::size_t first, std::size_t count, TellUse tell,
                   void *context);
    std::size_t bucket_count() const { return index_.buckets().size(); }

    // Head and body; the same as long as the zone lives.
    std::size_t largest_object() const;
    MemoryTierStats stats() const;
    // Every invariant of every structure, and that each block is either free
    // or one object's. Slow, allocates: for tests.
    bool check() const;
    // How many objects were evicted as their tenant had more than its share.
    std::uint64_t evicted_by_share() const
    {
        return segments_.evicted_by_share();
    }

private:
    struct Header;
    struct Layout;
    struct Demand;

    explicit MemoryTier(const Layout &layout);

    bool is_too_large(std::size_t head_size, std::size_t body_size) const;
    static Demand demand_of(std::size_t head_size, std::size_t body_size);
    static Demand demand_of(const ObjectSpec &spec);
    bool fits_in_one(const Demand &demand) const;
    bool fits_in_several(const Demand &demand) const;
    std::optional<Refused> make_room(const Demand &demand,
                                     std::uint32_t tenant, BootTime now);
    Block next_victim(std::uint32_t tenant, BootTime now, unsigned &steps);
    Block place(const ObjectSpec &spec, const Demand &demand,
                std::uint32_t tenant);
    std::uint32_t place_of(std::uint64_t tenant);
    bool is_known(const Node &node) const;
    Node *find_growing(const Pin &pin);
    void trim(Node &node);
    void evict(Block block, BootTime now);
    void limit_variants(const Hash128 &resource);
    Pin pin(Block block, OwnerSlot owner);
    void retire(Block block);
    void free_node(Block block);
    void rebuild();
    bool adopt(const Pin &pin);
    bool keep_memory(Block block);

    struct Census;
    bool count_linked(Census &census) const;
    bool count_pinned(Census &census) const;

    Header *header_;
    Owners owners_;
    Pins pins_;
    Arena arena_;
    Nodes nodes_;
    Index index_;
    Segments segments_;
    Ghosts ghosts_;
};

} // namespace edge::shm
