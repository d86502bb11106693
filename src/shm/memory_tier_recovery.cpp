#include "shm/memory_tier.h"

#include "shm/memory_tier_layout.h"

namespace edge::shm {

// Of all that is in the zone only the words of pins are believed, and of
// objects what is fixed. A process that dies in here leaves both as they were.
void MemoryTier::rebuild()
{
    index_.clear();
    segments_.clear();
    arena_.forget();
    header_->pinned_objects = 0;
    header_->pinned_blocks = 0;
    for (std::uint32_t i = 0; i < pins_.size(); i++) {
        const std::optional<Pin> held = pins_.at(i);
        if (!held || !adopt(*held)) {
            pins_.forget(i);
        }
    }
    pins_.restack();
    arena_.free_rest();
}

// False for a pin nobody can hold.
bool MemoryTier::adopt(const Pin &pin)
{
    if (pin.node >= arena_.blocks() || !owners_.claimed(pin.owner)) {
        return false;
    }
    Node &node = nodes_[pin.node];
    if (arena_.kept_at(pin.node)) {
        node.pins++;
        return true;
    }
    if (!keep_memory(pin.node)) {
        return false;
    }
    node.pins = 1;
    if (node.state != NodeState::reserved) {
        node.state = NodeState::dead;
    }
    header_->pinned_objects++;
    header_->pinned_blocks += node.blocks();
    return true;
}

// Every number is looked at before it is used: this may be anything.
bool MemoryTier::keep_memory(Block block)
{
    const Node &node = nodes_[block];
    const std::size_t extents = node.extent_count;
    if (!node.is_marked() || extents == 0 || extents > Node::kMaxExtents ||
        node.tenant >= segments_.tenants() ||
        static_cast<std::size_t>(node.segment) >= kSegments ||
        node.head_offset() > (arena_.blocks() - block) * kBlockSize) {
        return false;
    }
    const Extent &first = node.extents().front();
    const std::size_t head_end = node.body_offset();
    return first.first == block && head_end <= first.count * kBlockSize &&
           head_end + node.body_size <= node.blocks() * kBlockSize &&
           arena_.keep(node.extents());
}

} // namespace edge::shm
