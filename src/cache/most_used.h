// Those that were used most, of any number that are looked at one by one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/hash.h"

namespace edge::cache {

// An object in memory, by the hashes that find it and its resource there: the
// same ones, unless it is a variant.
struct Used
{
    Hash128 hash;
    Hash128 resource;
    std::uint32_t uses = 0;

    bool is_variant() const { return hash != resource; }
};

class MostUsed
{
public:
    explicit MostUsed(std::size_t places) : places_(places) {}

    void add(const Used &used);
    // The most used first.
    std::vector<Used> take();

private:
    const std::size_t places_;
    // The least used of them in front.
    std::vector<Used> heap_;
};

} // namespace edge::cache
