// A node that is connected and does not do all that is asked of it. It is
// impaired from the first error that says so until none has come for kHold.
#pragma once

#include <string_view>

#include "redis/pipeline.h"
#include "redis/state.h"

namespace edge::redis {

class Impairment
{
public:
    static constexpr Millis kHold{10000};
    // A lasting one is told again after that.
    static constexpr Millis kRepeat{60000};

    // An error reply that says `state`. True: worth a line in the log.
    bool note(NodeState state, Micros now);
    // Some reply came. True: the node is not impaired any more, which is
    // worth a line too.
    bool recover(Micros now);

    // Another server.
    void reset() { state_ = NodeState::up; }

    // `up`: not impaired.
    NodeState state() const { return state_; }

private:
    NodeState state_ = NodeState::up;
    Micros seen_{0};
    Micros told_{0};
};

// What a NOPERM is about, as a phrase: `"get"`, "a key", "a channel",
// "something inside a script". No other word of the server's gets through.
std::string_view missing_permission(std::string_view text);

} // namespace edge::redis
