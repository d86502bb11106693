// What all instances of the model share.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/time.h"
#include "invalidate/generation.h"

namespace edge_test::model {

using namespace edge;
using namespace edge::invalidate;

// The time, the origin, and what was promised.
struct Surroundings
{
    BootTime now{Millis(1000)};
    std::vector<int> origin;       // key -> version
    std::vector<int> acknowledged; // key -> version of a purge's 200
    std::function<std::uint64_t()> random;
    Nonce last_nonce = 0;
    std::uint64_t last_request = 0;
    std::size_t reads = 0;
    std::size_t hits = 0;
    std::size_t confirmed = 0;
    std::size_t stale = 0;
};

} // namespace edge_test::model
