// Counts what becomes of a wait for another's fill, whichever way it ends.
#pragma once

#include "shm/counters.h"

namespace edge::flow {

class WaitCount
{
public:
    explicit WaitCount(shm::Counters &counters) : counters_(counters) {}
    ~WaitCount() { counters_.wait_ended(end_); }
    WaitCount(const WaitCount &) = delete;

    void end(shm::WaitEnd end) { end_ = end; }

private:
    shm::Counters &counters_;
    shm::WaitEnd end_ = shm::WaitEnd::gone;
};

} // namespace edge::flow
