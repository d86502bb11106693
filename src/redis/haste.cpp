#include "redis/haste.h"

#include <algorithm>

#include "redis/breaker.h"

namespace edge::redis {

namespace {

// No two workers miss in the same microsecond.
Millis delay(unsigned tries, Micros now)
{
    return backoff(Haste::kFirstDelay, Haste::kLastDelay, tries,
                   static_cast<std::uint64_t>(now.count()));
}

} // namespace

bool Haste::passes(Millis timeout, Micros now)
{
    if (!is_slow() || timeout > too_short_) {
        return true;
    }
    if (now < next_) {
        return false;
    }
    next_ = now + delay(++tries_, now);
    return true;
}

void Haste::answered(Micros latency)
{
    if (misses_ == 0 || latency > too_short_) {
        return;
    }
    if (is_slow()) {
        misses_ = kMisses - 1;
    } else {
        *this = {};
    }
}

void Haste::missed(std::size_t count, Micros timeout, Micros now)
{
    if (count == 0) {
        return;
    }
    const bool was_slow = is_slow();
    misses_ += count;
    too_short_ = std::max(too_short_, timeout);
    if (is_slow() && !was_slow) {
        next_ = now + delay(tries_, now);
    }
}

} // namespace edge::redis
