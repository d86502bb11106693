#include "redis/breaker.h"

namespace edge::redis {

void Breaker::succeeded()
{
    failures_ = 0;
    attempts_ = 0;
}

bool Breaker::failed()
{
    failures_++;
    if (state_ == State::closed && failures_ >= kFailures) {
        state_ = State::open;
    }
    return state_ == State::open;
}

Millis Breaker::next_delay(std::uint64_t random)
{
    return backoff(kFirstDelay, kLastDelay, attempts_++, random);
}

void Breaker::attempt_succeeded()
{
    state_ = State::closed;
    failures_ = kFailures - 1;
}

} // namespace edge::redis
