// The fixed part of an object, at the start of its first extent. The array of
// its extents follows, then the head; the body fills up the rest of the first
// extent and goes on in the others.
//
// What is marked "fixed" does not change from reserve() until the memory is
// freed: whoever holds a pin reads it without the lock. An object that grows
// has room for all extents from the start, and gets more of them until it is
// finished; those it has stay where they are.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include "base/hash.h"
#include "base/time.h"
#include "shm/arena.h"

namespace edge::shm {

enum class NodeState : std::uint8_t
{
    reserved = 1, // being filled, not findable
    linked,       // findable
    dead,         // removed or replaced; freed with its last pin
};

// Which of the queues of Segments an object is in.
enum class Segment : std::uint8_t
{
    probation, // came lately
    main,      // was asked for again
    negative,  // an error's answer
};
inline constexpr std::size_t kSegments = 3;

// The place of an object in a queue.
struct Links
{
    Block newer;
    Block older;
};

struct Node
{
    static constexpr std::uint32_t kMark = 0x45646e6f;
    static constexpr std::uint32_t kGrowingMark = 0x45646e67;
    // More extents than an object of the largest size needs in a zone that is
    // not in shreds. Room for all of them where one is not enough.
    static constexpr std::uint8_t kMaxExtents = 32;
    // In `arrived`: more than any body has, and besides its size.
    static constexpr std::uint32_t kBroken = 0xffffffff;
    static constexpr std::uint32_t kWhole = 0x80000000;
    static constexpr std::uint16_t kMostUses = 0xfffe;
    static constexpr std::uint16_t kUncounted = 0xffff;

    std::uint32_t mark; // fixed; kGrowingMark: the size was not known
    NodeState state;
    std::uint8_t visited;
    Segment segment;           // of a reservation: where it wants to be
    std::uint8_t extent_count; // fixed, unless it grows
    std::uint32_t pins;
    Block chain_next;
    Hash128 hash;         // fixed
    std::int64_t expires; // fixed; boot time, milliseconds
    std::uint64_t checked;
    std::uint64_t held_down;
    std::uint32_t head_size; // fixed
    std::uint32_t body_size; // fixed; while it grows, 0
    Links in_segment;
    Links in_holding; // what its tenant has of the segment
    Hash128 resource; // fixed
    Block variant_next;
    Block variant_previous;
    std::uint16_t tenant; // fixed; its place in Segments
    // How often it was found since that was last told, up to kMostUses.
    std::uint16_t uses;
    // Of a reservation that is read while it is filled in: how much of the
    // body is there, with kWhole if that is all, or kBroken. Raised by who
    // fills it in, without the lock.
    std::uint32_t arrived;

    static constexpr std::size_t head_offset(std::size_t extents)
    {
        return sizeof(Node) + (extents == 1 ? 1 : kMaxExtents) * sizeof(Extent);
    }

    bool is_marked() const { return mark == kMark || grows(); }
    bool grows() const { return mark == kGrowingMark; }
    bool is_variant() const { return hash != resource; }
    void count_use()
    {
        if (uses < kMostUses) {
            uses++;
        }
    }
    bool expired(BootTime now) const
    {
        return expires <= now.time_since_epoch().count();
    }
    std::size_t head_offset() const
    {
        return head_offset(grows() ? kMaxExtents : extent_count);
    }
    std::size_t body_offset() const { return head_offset() + head_size; }
    // For a body.
    std::size_t room() const { return blocks() * kBlockSize - body_offset(); }
    std::span<const Extent> extents() const
    {
        return {reinterpret_cast<const Extent *>(this + 1), extent_count};
    }
    std::span<Extent> extents()
    {
        return {reinterpret_cast<Extent *>(this + 1), extent_count};
    }
    // extent_count of them.
    void set_extents(const Extent *from)
    {
        std::copy_n(from, extent_count, reinterpret_cast<Extent *>(this + 1));
    }
    std::uint64_t blocks() const
    {
        std::uint64_t count = 0;
        for (const Extent &extent : extents()) {
            count += extent.count;
        }
        return count;
    }
};

static_assert(sizeof(Node) == 112 && std::is_standard_layout_v<Node> &&
              std::is_trivially_copyable_v<Node>);
static_assert(sizeof(Node) + sizeof(Extent) < kBlockSize);

// Objects by the number of their first block.
class Nodes
{
public:
    explicit Nodes(std::byte *base) : base_(base) {}

    Node &operator[](Block block) const
    {
        return *reinterpret_cast<Node *>(base_ +
                                         std::size_t{block} * kBlockSize);
    }

private:
    std::byte *base_;
};

} // namespace edge::shm
