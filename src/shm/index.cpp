#include "shm/index.h"

#include <algorithm>
#include <string_view>

namespace edge::shm {

// The upper half of the hash, scaled to the number of buckets.
Index::Bucket &Index::bucket_of(const Hash128 &hash) const
{
    static_assert(sizeof(hash) == 2 * sizeof(std::uint64_t));
    const std::string_view bytes(reinterpret_cast<const char *>(&hash),
                                 sizeof(hash));
    return buckets_[(hash64(bytes, seed_) >> 32) * buckets_.size() >> 32];
}

void Index::clear()
{
    std::ranges::fill(buckets_, Bucket{kNone, kNone});
}

Block Index::find(const Hash128 &hash) const
{
    Block block = bucket_of(hash).objects;
    while (block != kNone && nodes_[block].hash != hash) {
        block = nodes_[block].chain_next;
    }
    return block;
}

void Index::insert(Block block)
{
    Node &node = nodes_[block];
    Bucket &bucket = bucket_of(node.hash);
    node.chain_next = bucket.objects;
    bucket.objects = block;
    if (node.is_variant()) {
        insert_variant(block);
    }
}

void Index::erase(Block block)
{
    const Node &node = nodes_[block];
    Block *link = &bucket_of(node.hash).objects;
    while (*link != block) {
        link = &nodes_[*link].chain_next;
    }
    *link = node.chain_next;
    if (node.is_variant()) {
        erase_variant(block);
    }
}

Block Index::variant_from(Block block, const Hash128 &resource) const
{
    while (block != kNone && nodes_[block].resource != resource) {
        block = nodes_[block].variant_next;
    }
    return block;
}

Block Index::first_variant(const Hash128 &resource) const
{
    return variant_from(bucket_of(resource).variants, resource);
}

Block Index::next_variant(Block variant) const
{
    const Node &node = nodes_[variant];
    return variant_from(node.variant_next, node.resource);
}

void Index::insert_variant(Block block)
{
    Node &node = nodes_[block];
    Bucket &bucket = bucket_of(node.resource);
    node.variant_previous = kNone;
    node.variant_next = bucket.variants;
    if (bucket.variants != kNone) {
        nodes_[bucket.variants].variant_previous = block;
    }
    bucket.variants = block;
}

void Index::erase_variant(Block block)
{
    const Node &node = nodes_[block];
    if (node.variant_previous == kNone) {
        bucket_of(node.resource).variants = node.variant_next;
    } else {
        nodes_[node.variant_previous].variant_next = node.variant_next;
    }
    if (node.variant_next != kNone) {
        nodes_[node.variant_next].variant_previous = node.variant_previous;
    }
}

} // namespace edge::shm
