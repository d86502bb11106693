#include "ngx/blocks.h"

#include <array>
#include <cstdint>
#include <new>
#include <utility>

namespace edge::ngx {

namespace {

constexpr std::size_t kStep = 64;
constexpr std::size_t kSizes = 64;

// Of one size; sanitizers are to see who uses what has ended.
#if defined(__SANITIZE_ADDRESS__)
constexpr std::uint32_t kKept = 0;
#else
constexpr std::uint32_t kKept = 64;
#endif

struct Unused
{
    Unused *next;
};

struct Shelf
{
    Unused *first = nullptr;
    std::uint32_t count = 0;
};

std::array<Shelf, kSizes> shelves;

std::size_t steps_of(std::size_t size)
{
    return (size + kStep - 1) / kStep;
}

} // namespace

void *take_block(std::size_t size)
{
    const std::size_t steps = steps_of(size);
    if (steps >= kSizes || shelves[steps].first == nullptr) {
        return ::operator new(steps * kStep);
    }
    Shelf &shelf = shelves[steps];
    shelf.count--;
    return std::exchange(shelf.first, shelf.first->next);
}

void give_block(void *block, std::size_t size) noexcept
{
    const std::size_t steps = steps_of(size);
    if (steps >= kSizes || shelves[steps].count >= kKept) {
        ::operator delete(block);
        return;
    }
    Shelf &shelf = shelves[steps];
    shelf.first = new (block) Unused{shelf.first};
    shelf.count++;
}

} // namespace edge::ngx
