// Where a link goes next.
#pragma once

#include <cstddef>
#include <vector>

#include "client/config.h"

namespace edge::client {

class Route
{
public:
    virtual ~Route() = default;

    // Null: not known yet. Stays valid until the next call of anything here.
    virtual const Server *current() = 0;
    // That one was of no use.
    virtual void advance() = 0;
};

// All of some servers, in turn.
class Rotation final : public Route
{
public:
    // Not empty; outlives the rotation.
    explicit Rotation(const std::vector<Server> &servers) : servers_(servers) {}

    const Server *current() override
    {
        return &servers_[next_ % servers_.size()];
    }
    void advance() override { next_++; }

private:
    const std::vector<Server> &servers_;
    std::size_t next_ = 0;
};

} // namespace edge::client
