// When to leave a node alone, and when to try it again.
//
//   closed     operations pass
//   open       none does; after a delay the connection is tried again
//   half_open  that attempt (connect, handshake) is under way; no operation
//
// A lost connection or kFailures time-outs and errors in a row open it. An
// attempt that succeeds closes it on probation: the first operation to fail
// opens it again, the first to succeed ends the probation. Delays double from
// 50 to 800 ms from attempt to attempt, half of each at random, so that a fleet
// does not come back in step.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/time.h"

namespace edge::redis {

// Doubling from `first` to `last`; `attempt` counts from 0. The result is
// between half of the delay and all of it.
constexpr Millis backoff(Millis first, Millis last, unsigned attempt,
                         std::uint64_t random)
{
    Millis delay = first;
    while (attempt-- > 0 && delay < last) {
        delay *= 2;
    }
    const auto half = std::uint64_t(std::min(delay, last).count()) / 2;
    return Millis(std::int64_t(half + random % (half + 1)));
}

class Breaker
{
public:
    static constexpr unsigned kFailures = 3;
    static constexpr Millis kFirstDelay{50};
    // A probe at least once a second, its handshake included.
    static constexpr Millis kLastDelay{800};

    enum class State : std::uint8_t
    {
        closed,
        open,
        half_open
    };

    State state() const { return state_; }
    bool passes() const { return state_ == State::closed; }

    // An operation was answered in time.
    void succeeded();
    // An operation timed out, or its error counts. True: it is open now.
    bool failed();
    // The connection was lost, closed or refused.
    void lost() { state_ = State::open; }

    // How long to stay open, from now to the next attempt.
    Millis next_delay(std::uint64_t random);
    void attempt() { state_ = State::half_open; }
    void attempt_succeeded();

private:
    State state_ = State::open; // until the first attempt
    unsigned failures_ = 0;
    unsigned attempts_ = 0; // since an operation succeeded
};

} // namespace edge::redis
