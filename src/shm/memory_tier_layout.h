// Where the parts of a memory tier lie in its zone. All of it follows from the
// zone's size.
#pragma once

#include <cstdint>

#include "shm/memory_tier.h"

namespace edge::shm {

struct MemoryTier::Header
{
    std::uint64_t magic;
    std::uint32_t version;
    std::uint32_t max_variants;
    std::uint64_t size;
    std::uint64_t seed;
    std::uint32_t available_pins;
    Arena::State arena;
    Segments::State segments;
    std::uint64_t pinned_objects;
    std::uint64_t pinned_blocks;
    std::uint64_t evicted_capacity;
    std::uint64_t evicted_variants;
    std::uint64_t expired;
    std::uint64_t sweep_bucket; // where sweep() goes on
    std::uint64_t swept;
    std::uint64_t readmitted;
};

struct MemoryTier::Layout
{
    explicit Layout(std::span<std::byte> zone);

    Header *header;
    Owners::Table *owners;
    std::span<std::uint64_t> pin_words;
    std::span<std::uint32_t> pin_stack;
    std::span<Index::Bucket> buckets;
    std::span<Segments::Tenant> tenants;
    std::span<Ghosts::Set> ghosts;
    std::span<std::uint8_t> marks;
    std::byte *blocks;
};

// What an object needs of the arena: in one extent, or else in several, at most
// so many, with this much in the first.
struct MemoryTier::Demand
{
    std::uint32_t whole;
    std::uint32_t split;
    std::uint32_t first;
    unsigned extents = Node::kMaxExtents;
};

constexpr std::uint32_t blocks_for(std::size_t bytes)
{
    return static_cast<std::uint32_t>((bytes + kBlockSize - 1) / kBlockSize);
}

} // namespace edge::shm
