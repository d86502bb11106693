#include "shm/sieve.h"

#include <utility>

namespace edge::shm {

void Sieve::insert(Block block)
{
    Node &node = nodes_[block];
    node.visited = 0;
    node.newer = kNone;
    node.older = state_->newest;
    if (node.older == kNone) {
        state_->oldest = block;
    } else {
        nodes_[node.older].newer = block;
    }
    state_->newest = block;
    state_->count++;
}

void Sieve::erase(Block block)
{
    const Node &node = nodes_[block];
    if (state_->hand == block) {
        state_->hand = node.newer;
    }
    if (node.newer == kNone) {
        state_->newest = node.older;
    } else {
        nodes_[node.newer].older = node.older;
    }
    if (node.older == kNone) {
        state_->oldest = node.newer;
    } else {
        nodes_[node.older].newer = node.newer;
    }
    state_->count--;
}

Block Sieve::step(BootTime now)
{
    const Block block = state_->hand == kNone ? state_->oldest : state_->hand;
    if (block == kNone) {
        return kNone;
    }
    Node &node = nodes_[block];
    state_->hand = node.newer;
    const bool visited = std::exchange(node.visited, std::uint8_t{0}) != 0;
    if (node.pins > 0 || (visited && !node.expired(now))) {
        return kNone;
    }
    return block;
}

bool Sieve::check() const
{
    Block older = kNone;
    Block block = state_->oldest;
    bool hand_found = state_->hand == kNone;
    for (std::uint32_t i = 0; i < state_->count; i++) {
        if (block == kNone || nodes_[block].older != older) {
            return false;
        }
        hand_found = hand_found || block == state_->hand;
        older = block;
        block = nodes_[block].newer;
    }
    return block == kNone && older == state_->newest && hand_found;
}

} // namespace edge::shm
