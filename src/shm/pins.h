// Pins: what keeps an object's memory in place while its bytes are sent or
// filled in outside the lock. Each is one word, owner and object, written by
// one store: whoever dies at whatever point, the words tell what is in use and
// by whom. Counts in objects and the stack of free pins are derived from them.
//
// A view of shared memory; callers hold the lock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "shm/arena.h"
#include "shm/owners.h"

namespace edge::shm {

struct Pin
{
    std::uint32_t slot;
    // The first block of the object: its identity while it is pinned.
    Block node;
    OwnerSlot owner;
};

class Pins
{
public:
    // `free` is a stack with room for all pins, `*available` of it in use.
    Pins(std::uint32_t *available, std::span<std::uint64_t> words,
         std::span<std::uint32_t> free)
        : available_(available), words_(words), free_(free)
    {
    }

    std::uint32_t size() const
    {
        return static_cast<std::uint32_t>(words_.size());
    }
    std::uint32_t available() const { return *available_; }

    // available() must not be 0, and the object must be complete: from here
    // on its memory is safe from everyone else's recovery.
    Pin take(OwnerSlot owner, Block node);
    bool holds(const Pin &pin) const;
    // False when that pin is not held (any more).
    bool drop(const Pin &pin);

    // nullopt for a free one, and for a word that take() did not write.
    std::optional<Pin> at(std::uint32_t slot) const;

    // Rebuilding: forget pins that turned out to be wrong, then restack().
    void forget(std::uint32_t slot) { words_[slot] = 0; }
    void restack();

    // Each pin is either held or on the stack, once.
    bool check() const;

private:
    std::uint32_t *available_;
    std::span<std::uint64_t> words_;
    std::span<std::uint32_t> free_;
};

} // namespace edge::shm
