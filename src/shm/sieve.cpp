#include "shm/sieve.h"

namespace edge::shm {

void Sieve::insert(Block block)
{
    links(block) = {kNone, state_->newest};
    if (state_->newest == kNone) {
        state_->oldest = block;
    } else {
        links(state_->newest).newer = block;
    }
    state_->newest = block;
    state_->count++;
}

void Sieve::erase(Block block)
{
    const Links &at = links(block);
    if (state_->hand == block) {
        state_->hand = at.newer;
    }
    if (at.newer == kNone) {
        state_->newest = at.older;
    } else {
        links(at.newer).older = at.older;
    }
    if (at.older == kNone) {
        state_->oldest = at.newer;
    } else {
        links(at.older).newer = at.newer;
    }
    state_->count--;
}

Block Sieve::step()
{
    const Block block = state_->hand == kNone ? state_->oldest : state_->hand;
    if (block != kNone) {
        state_->hand = links(block).newer;
    }
    return block;
}

bool Sieve::check() const
{
    Block older = kNone;
    Block block = state_->oldest;
    bool hand_found = state_->hand == kNone;
    for (std::uint32_t i = 0; i < state_->count; i++) {
        if (block == kNone || links(block).older != older) {
            return false;
        }
        hand_found = hand_found || block == state_->hand;
        older = block;
        block = links(block).newer;
    }
    return block == kNone && older == state_->newest && hand_found;
}

} // namespace edge::shm
