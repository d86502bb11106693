// How often names were asked for lately, so that what nobody asks for again is
// not stored: a count-min sketch with conservative update, in blocks of one
// cache line (Cormode and Muthukrishnan 2005; Estan and Varghese 2002), whose
// counts are halved in turn.
//
// A view of shared memory, cheap to copy. Callers hold the zone's lock. Any
// bytes are a valid state: nothing has to be recovered.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/hash.h"

namespace edge::shm {

class UseCounts
{
public:
    struct alignas(64) Block
    {
        std::array<std::uint8_t, 64> counts;
    };
    static constexpr unsigned kMost = 127;
    // After so many uses of anything for each block all counts have been
    // halved once: a round. A single use is remembered for one, not for two.
    static constexpr std::uint64_t kUsesPerBlock = 4;

    // Of zeroed memory, at least one block. `uses`: of all names, ever.
    UseCounts(std::span<Block> blocks, std::uint64_t &uses)
        : blocks_(blocks), uses_(&uses)
    {
    }

    // This use included, up to kMost. Seldom too many, as names share counts;
    // too few only as they are halved.
    unsigned add(const Hash128 &name);

private:
    void age();

    std::span<Block> blocks_;
    std::uint64_t *uses_;
};

} // namespace edge::shm
