#include "base/recycler.h"

#include <algorithm>
#include <bit>
#include <iterator>
#include <utility>

namespace edge {

namespace {

// So that what differs by little uses the same blocks: else a small one took
// that of a large one, which then found none.
std::size_t rounded(std::size_t size)
{
    const std::size_t step = std::bit_floor(size) / 8;
    return (size + step - 1) / step * step;
}

} // namespace

// With room for the most that there can be, give() never fails.
Recycler::Recycler(std::size_t most) : most_(most)
{
    blocks_.reserve(most / kSmallest);
}

Recycler::Block Recycler::take(std::size_t size)
{
    const auto fits = [size](const Block &block) {
        return size <= block.size && block.size / 2 <= size;
    };
    const auto found = std::find_if(blocks_.rbegin(), blocks_.rend(), fits);
    if (found == blocks_.rend()) {
        const std::size_t all = rounded(size);
        return {std::make_unique_for_overwrite<char[]>(all), all};
    }
    Block block = std::move(*found);
    blocks_.erase(std::next(found).base());
    kept_ -= block.size;
    return block;
}

void Recycler::give(Block block)
{
    if (block.size > most_) {
        return;
    }
    while (kept_ > most_ - block.size) {
        kept_ -= blocks_.front().size;
        blocks_.erase(blocks_.begin());
    }
    kept_ += block.size;
    blocks_.push_back(std::move(block));
}

} // namespace edge
