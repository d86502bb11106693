#include <unordered_map>
#include <vector>

#include "shm/memory_tier_layout.h"

namespace edge::shm {

// Who owns each block, and how often each object is pinned.
struct MemoryTier::Census
{
    // False when part of the run is someone else's.
    bool claim(Extent run)
    {
        for (Block block = run.first; block < run.first + run.count; block++) {
            if (block >= owned.size() || owned[block]) {
                return false;
            }
            owned[block] = true;
        }
        claimed += run.count;
        return true;
    }

    bool claim(const Node &node)
    {
        if (!node.is_marked()) {
            return false;
        }
        for (const Extent &extent : node.extents()) {
            if (!claim(extent)) {
                return false;
            }
        }
        return true;
    }

    std::vector<bool> owned;
    std::uint64_t claimed = 0;
    std::uint32_t linked = 0;
    std::uint32_t variants = 0;
    std::uint32_t variants_listed = 0;
    std::unordered_map<Block, std::uint32_t> pins;
};

bool MemoryTier::check() const
{
    if (!arena_.check() || !pins_.check() || !segments_.check()) {
        return false;
    }
    Census census{.owned = std::vector<bool>(arena_.blocks()), .pins = {}};
    bool sound = true;
    arena_.for_each_free(
        [&](Extent run) { sound = sound && census.claim(run); });
    return sound && count_linked(census) && count_pinned(census) &&
           census.claimed == arena_.blocks() &&
           census.linked == segments_.count() &&
           census.variants == census.variants_listed;
}

bool MemoryTier::count_linked(Census &census) const
{
    for (const Index::Bucket &bucket : index_.buckets()) {
        for (Block block = bucket.objects; block != kNone;
             block = nodes_[block].chain_next) {
            const Node &node = nodes_[block];
            if (!census.claim(node) || node.state != NodeState::linked ||
                !index_.belongs(bucket, node.hash)) {
                return false;
            }
            census.linked++;
            census.variants += node.is_variant() ? 1 : 0;
            census.pins[block] = 0;
        }
    }
    for (const Index::Bucket &bucket : index_.buckets()) {
        Block previous = kNone;
        for (Block block = bucket.variants; block != kNone;
             block = nodes_[block].variant_next) {
            const Node &node = nodes_[block];
            if (!census.pins.contains(block) ||
                node.variant_previous != previous ||
                !index_.belongs(bucket, node.resource)) {
                return false;
            }
            census.variants_listed++;
            previous = block;
        }
    }
    return true;
}

bool MemoryTier::count_pinned(Census &census) const
{
    for (std::uint32_t i = 0; i < pins_.size(); i++) {
        const std::optional<Pin> held = pins_.at(i);
        if (!held) {
            continue;
        }
        if (!owners_.claimed(held->owner)) {
            return false;
        }
        const Node &node = nodes_[held->node];
        if (census.pins[held->node]++ == 0 && node.state != NodeState::linked &&
            !census.claim(node)) {
            return false;
        }
    }
    std::uint64_t objects = 0;
    std::uint64_t blocks = 0;
    for (const auto &[block, count] : census.pins) {
        if (nodes_[block].pins != count) {
            return false;
        }
        objects += count > 0 ? 1 : 0;
        blocks += count > 0 ? nodes_[block].blocks() : 0;
    }
    return objects == header_->pinned_objects &&
           blocks == header_->pinned_blocks;
}

} // namespace edge::shm
