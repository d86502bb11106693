// SIEVE (Zhang, Yang, Yue, Vigfusson, Rashmi: "SIEVE is Simpler than LRU",
// NSDI 2024): a queue in order of arrival and a hand that goes from the oldest
// to the newest. A hit sets a bit and moves nothing; who takes a step of the
// hand takes the bit away, or the object when there is none. What is read once
// leaves early and does not push out what is read again.
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
    static constexpr State kEmpty{kNone, kNone, kNone, 0};

    // `links`: which of an object's places are this queue's.
    Sieve(State *state, Nodes nodes, Links Node::*links)
        : state_(state), nodes_(nodes), links_(links)
    {
    }

    void insert(Block block);
    void erase(Block block);
    std::uint32_t count() const { return state_->count; }

    // One step of the hand: the object that it stood on, kNone when there is
    // none at all.
    Block step();

    // Links agree in both directions and with count().
    bool check() const;

private:
    Links &links(Block block) const { return nodes_[block].*links_; }

    State *state_;
    Nodes nodes_;
    Links Node::*links_;
};

} // namespace edge::shm
