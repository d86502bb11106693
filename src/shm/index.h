// Finds objects by their hash, and the variants of a resource by the hash of
// the resource. Which bucket a hash falls into depends on a seed nobody
// outside knows: no set of URLs can be made to share one.
//
// A view of shared memory; callers hold the lock.
#pragma once

#include <cstdint>
#include <span>

#include "shm/node.h"

namespace edge::shm {

class Index
{
public:
    struct Bucket
    {
        Block objects;
        Block variants;
    };

    Index(std::span<Bucket> buckets, std::uint64_t seed, Nodes nodes)
        : buckets_(buckets), seed_(seed), nodes_(nodes)
    {
    }

    void clear();
    void insert(Block block);
    void erase(Block block);

    // kNone when there is none.
    Block find(const Hash128 &hash) const;
    // Newest first.
    Block first_variant(const Hash128 &resource) const;
    Block next_variant(Block variant) const;

    std::span<const Bucket> buckets() const { return buckets_; }
    bool belongs(const Bucket &bucket, const Hash128 &hash) const
    {
        return &bucket == &bucket_of(hash);
    }

private:
    Bucket &bucket_of(const Hash128 &hash) const;
    Block variant_from(Block block, const Hash128 &resource) const;
    void insert_variant(Block block);
    void erase_variant(Block block);

    std::span<Bucket> buckets_;
    std::uint64_t seed_;
    Nodes nodes_;
};

} // namespace edge::shm
