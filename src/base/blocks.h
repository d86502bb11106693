// Small blocks of memory that are used again, by one thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace edge {

class Blocks
{
public:
    // So many of each size are kept that nobody uses.
    constexpr explicit Blocks(std::uint32_t kept) : kept_(kept) {}
    ~Blocks();
    Blocks(const Blocks &) = delete;
    Blocks &operator=(const Blocks &) = delete;

    // Aligned as by new; throws std::bad_alloc.
    void *take(std::size_t size);
    // What take() gave for that size.
    void give(void *block, std::size_t size) noexcept;

private:
    // Larger ones are malloc's own business.
    static constexpr std::size_t kLargest = 4096;
    static constexpr std::size_t kStep = 64;

    struct Unused
    {
        Unused *next;
    };
    struct Shelf
    {
        Unused *first = nullptr;
        std::uint32_t count = 0;
    };

    // Null: it is for malloc.
    Shelf *shelf_of(std::size_t size);

    const std::uint32_t kept_;
    std::array<Shelf, kLargest / kStep> shelves_;
};

} // namespace edge
