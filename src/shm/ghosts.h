// Names of objects that were in memory lately, and are not any more: what comes
// back so soon is asked for again and again (the ghost queue of 2Q, ARC and
// S3-FIFO). Fingerprints in sets of one cache line, the oldest of a set leaves.
//
// A view of shared memory, cheap to copy. Callers hold the zone's lock. Any
// bytes are a valid state: nothing has to be recovered.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "base/hash.h"

namespace edge::shm {

class Ghosts
{
public:
    // Newest first.
    struct alignas(64) Set
    {
        std::array<std::uint32_t, 16> names;
    };

    // Of zeroed memory, at least one set.
    explicit Ghosts(std::span<Set> sets) : sets_(sets) {}

    void add(const Hash128 &name);
    // Wrongly true less than once in 10^8 times.
    bool contains(const Hash128 &name) const;

private:
    Set &set_of(const Hash128 &name) const;

    std::span<Set> sets_;
};

} // namespace edge::shm
