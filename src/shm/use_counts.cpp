#include "shm/use_counts.h"

#include <algorithm>

namespace edge::shm {

namespace {

constexpr unsigned kPlaces = 4;
// Halved once, a use still counts.
constexpr unsigned kUse = 2;
constexpr unsigned kFull = kUse * UseCounts::kMost;

unsigned place(const Hash128 &name, unsigned i)
{
    return name.lo >> (6 * i) & 63;
}

} // namespace

// One block in its turn: no use of a name pays for all.
void UseCounts::age()
{
    const std::uint64_t uses = ++*uses_;
    if (uses % kUsesPerBlock == 0) {
        Block &block = blocks_[uses / kUsesPerBlock % blocks_.size()];
        for (std::uint8_t &count : block.counts) {
            count /= 2;
        }
    }
}

unsigned UseCounts::add(const Hash128 &name)
{
    age();
    auto &counts = blocks_[name.hi % blocks_.size()].counts;
    unsigned least = kFull;
    for (unsigned i = 0; i < kPlaces; i++) {
        least = std::min<unsigned>(least, counts[place(name, i)]);
    }
    const unsigned now = std::min(least + kUse, kFull);
    for (unsigned i = 0; i < kPlaces; i++) {
        std::uint8_t &count = counts[place(name, i)];
        count = static_cast<std::uint8_t>(std::max<unsigned>(count, now));
    }
    return (now + 1) / kUse;
}

} // namespace edge::shm
