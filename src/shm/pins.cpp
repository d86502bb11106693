#include "shm/pins.h"

#include <atomic>
#include <vector>

namespace edge::shm {

namespace {

constexpr std::uint64_t kHeld = std::uint64_t{1} << 63;

std::uint64_t word_of(OwnerSlot owner, Block node)
{
    return kHeld | std::uint64_t{static_cast<std::uint8_t>(owner)} << 32 | node;
}

} // namespace

Pin Pins::take(OwnerSlot owner, Block node)
{
    const std::uint32_t slot = free_[--*available_];
    std::atomic_ref(words_[slot])
        .store(word_of(owner, node), std::memory_order_release);
    return {slot, node, owner};
}

bool Pins::holds(const Pin &pin) const
{
    return pin.slot < size() &&
           words_[pin.slot] == word_of(pin.owner, pin.node);
}

bool Pins::drop(const Pin &pin)
{
    if (!holds(pin)) {
        return false;
    }
    std::atomic_ref(words_[pin.slot]).store(0, std::memory_order_relaxed);
    // The word is gone before the memory it guarded is written to.
    std::atomic_signal_fence(std::memory_order_seq_cst);
    free_[(*available_)++] = pin.slot;
    return true;
}

std::optional<Pin> Pins::at(std::uint32_t slot) const
{
    const std::uint64_t word = words_[slot];
    const Pin pin{slot, static_cast<Block>(word),
                  static_cast<OwnerSlot>(word >> 32 & 0xff)};
    return holds(pin) ? std::optional(pin) : std::nullopt;
}

// Low slots on top: few pins in use are few cache lines in use.
void Pins::restack()
{
    *available_ = 0;
    for (std::uint32_t slot = size(); slot-- > 0;) {
        if (!at(slot)) {
            free_[(*available_)++] = slot;
        }
    }
}

bool Pins::check() const
{
    if (*available_ > size()) {
        return false;
    }
    std::vector<bool> seen(size());
    for (std::uint32_t slot : free_.first(*available_)) {
        if (slot >= size() || seen[slot] || words_[slot] != 0) {
            return false;
        }
        seen[slot] = true;
    }
    for (std::uint32_t slot = 0; slot < size(); slot++) {
        if (!seen[slot] && !at(slot)) {
            return false;
        }
    }
    return true;
}

} // namespace edge::shm
