#include "base/blocks.h"

#include <new>
#include <utility>

namespace edge {

Blocks::~Blocks()
{
    for (Shelf &shelf : shelves_) {
        while (shelf.first != nullptr) {
            ::operator delete(std::exchange(shelf.first, shelf.first->next));
        }
    }
}

void *Blocks::take(std::size_t size)
{
    Shelf *shelf = shelf_of(size);
    if (shelf == nullptr || shelf->first == nullptr) {
        return ::operator new((size + kStep - 1) / kStep * kStep);
    }
    shelf->count--;
    return std::exchange(shelf->first, shelf->first->next);
}

void Blocks::give(void *block, std::size_t size) noexcept
{
    Shelf *shelf = shelf_of(size);
    if (shelf == nullptr || shelf->count == kept_) {
        ::operator delete(block);
        return;
    }
    shelf->first = new (block) Unused{shelf->first};
    shelf->count++;
}

Blocks::Shelf *Blocks::shelf_of(std::size_t size)
{
    return size - 1 < kLargest ? &shelves_[(size - 1) / kStep] : nullptr;
}

} // namespace edge
