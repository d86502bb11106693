// What looks at one object after the other, a few at a time.
#include <algorithm>

#include "shm/memory_tier_layout.h"

namespace edge::shm {

void MemoryTier::sweep(std::size_t count, IsUseless is_useless, void *context)
{
    const auto buckets = index_.buckets();
    for (; count > 0; count--) {
        std::uint64_t &at = header_->sweep_bucket;
        Block block = buckets[at].objects;
        at = (at + 1) % buckets.size();
        while (block != kNone) {
            const Block next = nodes_[block].chain_next;
            if (is_useless(context, head_of(nodes_[block]))) {
                header_->swept++;
                retire(block);
            }
            block = next;
        }
    }
}

void MemoryTier::tell_uses(std::size_t first, std::size_t count, TellUse tell,
                           void *context)
{
    const auto buckets = index_.buckets();
    for (std::size_t at = first;
         at < std::min(first + count, buckets.size()); at++) {
        for (Block block = buckets[at].objects; block != kNone;
             block = nodes_[block].chain_next) {
            Node &node = nodes_[block];
            if (node.uses > 0 && node.uses != Node::kUncounted) {
                tell(context, {node.hash, node.resource, node.uses});
                node.uses = 0;
            }
        }
    }
}

} // namespace edge::shm
