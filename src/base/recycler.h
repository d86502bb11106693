// Large blocks of memory that are used again. malloc gives them back to the
// kernel, and then every page of the next one is a fault: of a megabyte they
// cost as much as to receive it.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

namespace edge {

class Recycler
{
public:
    // Smaller ones are malloc's own business.
    static constexpr std::size_t kSmallest = std::size_t{64} << 10;

    // Of what nobody uses no more than `most` bytes are kept.
    explicit Recycler(std::size_t most);
    Recycler(const Recycler &) = delete;
    Recycler &operator=(const Recycler &) = delete;

    struct Block
    {
        std::unique_ptr<char[]> memory;
        std::size_t size = 0;
    };
    // At least so many bytes, at most about twice as many, not initialised;
    // throws std::bad_alloc. Requires at least kSmallest.
    Block take(std::size_t size);
    void give(Block block);

    std::size_t kept() const { return kept_; }

private:
    const std::size_t most_;
    std::vector<Block> blocks_; // the one that was given last is the last
    std::size_t kept_ = 0;
};

} // namespace edge
