// Who serves what, learnt by asking servers again and again: one pure state
// machine for each mode. Replies in; what to send next, and whether anything
// has changed, out.
#pragma once

#include <string>

#include "redis/reply.h"

namespace edge::redis {

class Topology
{
public:
    // On a new connection, and then every second.
    virtual void append_query(std::string &out) const = 0;

    enum class Progress
    {
        waiting, // more has to come
        same,
        changed,
        useless // this server cannot tell: ask another one
    };
    virtual Progress take(const Reply &reply) = 0;

protected:
    ~Topology() = default;
};

} // namespace edge::redis
