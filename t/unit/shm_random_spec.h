#pragma once

// Objects of any kind and size, and a zone that is too small for them.

#include <random>

#include "shm_zone.h"

namespace edge_test {

using Random = std::minstd_rand;

inline constexpr std::size_t kZone = 192 * 1024;
inline constexpr std::uint64_t kNames = 40;

inline ObjectSpec random_spec(Random &random, std::uint64_t first_name)
{
    const std::uint64_t name = first_name + random() % kNames;
    const Size size = {random() % 300,
                       random() % (random() % 4 == 0 ? 20000 : 1000)};
    ObjectSpec spec = random() % 3 == 0
                          ? variant_of(1 + random() % 4, name, size)
                          : spec_of(name, size);
    spec.tenant = name % 3;
    spec.is_negative = random() % 8 == 0;
    spec.grows = random() % 3 == 0;
    return spec;
}

} // namespace edge_test
