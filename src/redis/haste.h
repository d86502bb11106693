// Operations that are waited for less long than the node is given (limits):
// when Redis is too slow for them, it is not for the others. So after kMisses
// in a row none is sent, but one now and then that shows whether Redis has
// become faster; so does every other answer.
#pragma once

#include "base/time.h"
#include "redis/pipeline.h"

namespace edge::redis {

class Haste
{
public:
    static constexpr unsigned kMisses = 3;
    static constexpr Millis kFirstDelay{50};
    static constexpr Millis kLastDelay{800};

    // Whether to send one that will be waited for so long.
    bool passes(Millis timeout, Micros now);

    // Any operation has been, so long after it was sent. The first that would
    // have been in time lets them pass on probation, the second ends it.
    void answered(Micros latency);

    // So many were not, though they were waited for as long as `timeout`.
    void missed(std::size_t count, Micros timeout, Micros now);

private:
    bool is_slow() const { return misses_ >= kMisses; }

    std::size_t misses_ = 0; // in a row
    Micros too_short_{0};    // of them, the longest wait
    Micros next_{0};         // when slow: when to try again
    unsigned tries_ = 0;
};

} // namespace edge::redis
