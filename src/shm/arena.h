// Memory in blocks of 128 bytes: a buddy allocator (Knuth, TAOCP 1, 2.5) that
// gives back the tail a power of two would waste, takes runs that lie across
// the borders of buddies, and serves one demand with several runs when none is
// long enough, so that free memory is usable memory.
//
// A view of shared memory: block numbers, no addresses. Callers hold the lock.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace edge::shm {

using Block = std::uint32_t;
inline constexpr Block kNone = 0xffffffff;
inline constexpr std::size_t kBlockSize = 128;

// A run of blocks.
struct Extent
{
    Block first;
    std::uint32_t count;
};

class Arena
{
public:
    static constexpr unsigned kOrders = 32;

    struct State
    {
        std::uint32_t free;
        std::array<std::uint32_t, kOrders> chunks;
        std::array<Block, kOrders> head;
    };

    // `marks` has one byte per block; the blocks start at `base`, aligned to
    // kBlockSize.
    Arena(State *state, std::span<std::uint8_t> marks, std::byte *base)
        : state_(state), marks_(marks), base_(base)
    {
    }

    std::byte *at(Block block) const
    {
        return base_ + std::size_t{block} * kBlockSize;
    }
    std::uint32_t blocks() const
    {
        return static_cast<std::uint32_t>(marks_.size());
    }
    std::uint32_t free() const { return state_->free; }

    // take() would give that many blocks at once. It does not look everywhere:
    // a run is missed when many are shorter.
    bool has_run(std::uint32_t wanted) const;
    // With so many calls of take() at most `wanted` blocks are served, the
    // first of them with at least `first`; 0 when the free memory cannot.
    unsigned extents_for(std::uint32_t wanted, std::uint32_t first) const;

    // `wanted` blocks in one run, else the largest chunk there is. Something
    // must be free.
    Extent take(std::uint32_t wanted);
    void give(Extent run);

    // Rebuilding: forget() all, keep() what is in use, then free_rest(). What
    // is free is not written to before free_rest().
    void forget();
    // Marks the runs of one object; false, and nothing is marked, when they
    // leave the arena or overlap with what is kept.
    bool keep(std::span<const Extent> runs);
    // True when an object whose first run starts here is kept.
    bool kept_at(Block first) const;
    void free_rest();

    // Every free chunk is listed once, aligned, merged and counted.
    bool check() const;
    // Calls `visit(Extent)` for each free chunk.
    template <typename Visit> void for_each_free(Visit visit) const
    {
        for (Block block = 0; block < blocks(); block++) {
            if (is_free_chunk(block)) {
                visit(Extent{block, 1u << order_of(block)});
            }
        }
    }

private:
    bool is_free_chunk(Block block) const;
    unsigned order_of(Block block) const;
    Extent run_around(Block chunk, std::uint32_t wanted) const;
    std::optional<Block> find_run(std::uint32_t wanted) const;
    Extent take_run(Extent run);
    Extent take_longest();
    void merge(Block first, unsigned order);
    void link(Block first, unsigned order);
    void unlink(Block first, unsigned order);
    bool keep(Extent run);
    void mark(Extent run, std::uint8_t value);
    bool check_list(unsigned order) const;
    bool check_chunk(Block first) const;

    State *state_;
    std::span<std::uint8_t> marks_;
    std::byte *base_;
};

} // namespace edge::shm
