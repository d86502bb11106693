// Objects whose size is known when they are whole.
#include <algorithm>
#include <atomic>

#include "shm/memory_tier_layout.h"

namespace edge::shm {

Node *MemoryTier::find_growing(const Pin &pin)
{
    if (!pins_.holds(pin)) {
        return nullptr;
    }
    Node &node = nodes_[pin.node];
    return node.grows() && node.state == NodeState::reserved ? &node : nullptr;
}

// Whoever dies in here leaves a list of extents that is true: one is counted
// when it is written down.
std::variant<std::size_t, Refused>
MemoryTier::extend(const Pin &pin, std::size_t more, BootTime now)
{
    Node *node = find_growing(pin);
    if (node == nullptr || node->extent_count == Node::kMaxExtents ||
        is_too_large(node->head_size, node->room() + more)) {
        return Refused::full;
    }
    std::uint32_t blocks = blocks_for(more);
    const unsigned extents = Node::kMaxExtents - node->extent_count;
    if (const auto refused =
            make_room({blocks, blocks, 1, extents}, node->tenant, now)) {
        return *refused;
    }
    const std::size_t before = node->room();
    header_->pinned_blocks += blocks;
    while (blocks > 0) {
        const Extent extent = arena_.take(blocks);
        *node->extents().end() = extent;
        std::atomic_signal_fence(std::memory_order_seq_cst);
        node->extent_count++;
        blocks -= extent.count;
    }
    return node->room() - before;
}

void MemoryTier::finish(const Pin &pin, std::string_view head,
                        std::size_t body_size)
{
    Node *node = find_growing(pin);
    if (node == nullptr || head.size() != node->head_size ||
        body_size > node->room()) {
        return;
    }
    char *own = reinterpret_cast<char *>(node) + node->head_offset();
    for (std::size_t i = 0; i < head.size(); i++) {
        if (own[i] != head[i]) {
            own[i] = head[i];
        }
    }
    node->body_size = static_cast<std::uint32_t>(body_size);
    trim(*node);
}

// Nobody reads behind the end of the body.
void MemoryTier::trim(Node &node)
{
    std::uint32_t needed = blocks_for(node.body_offset() + node.body_size);
    std::uint8_t kept = 0;
    for (Extent &extent : node.extents()) {
        const std::uint32_t used = std::min(needed, extent.count);
        const Extent rest{extent.first + used, extent.count - used};
        if (used > 0) {
            std::atomic_ref(extent.count)
                .store(used, std::memory_order_relaxed);
            kept++;
        }
        needed -= used;
        header_->pinned_blocks -= rest.count;
        arena_.give(rest);
    }
    node.extent_count = kept;
}

} // namespace edge::shm
