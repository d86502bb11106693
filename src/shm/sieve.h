// SIEVE (Zhang, Yang, Yue, Vigfusson, Rashmi: "SIEVE is Simpler than LRU",
// NSDI 2024): a queue in order of arrival and a hand that goes from the oldest
// to the newest. A hit sets a bit and moves nothing; the hand takes the bit
// away, or the object when there is none. What is read once leaves early and
// does not push out what is read again.
//
// A view of shared memory; callers hold the lock.
#pragma once

#include <cstdint>

#include "shm/node.h"

namespace edge::shm {

class Sieve
{
public:
    struct State
    {
        Block newest;
        Block oldest;
        Block hand;
        std::uint32_t count;
    };

    Sieve(State *state, Nodes nodes) : state_(state), nodes_(nodes) {}

    void clear() { *state_ = {kNone, kNone, kNone, 0}; }
    void insert(Block block);
    void erase(Block block);
    std::uint32_t count() const { return state_->count; }

    // One step of the hand: the object to evict, or kNone when it stood on one
    // that stays: visited since the last time and not expired, or pinned.
    Block step(BootTime now);

    // Links agree in both directions and with count().
    bool check() const;

private:
    State *state_;
    Nodes nodes_;
};

} // namespace edge::shm
