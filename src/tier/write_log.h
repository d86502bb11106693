// What unsafe methods changed, on its way into the zone's log: collected for a
// moment, so that many writes are few records.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "invalidate/selector.h"
#include "ngx/task.h"
#include "ngx/timer.h"
#include "tier/log.h"

namespace edge::tier {

class WriteLog
{
public:
    explicit WriteLog(Log &log);

    // Holds here when it returns, elsewhere as soon as they have read of it.
    // Whatever keeps it from getting there is counted.
    void add(std::span<const invalidate::RowKey> rows);

private:
    static void on_timer(void *writes);
    static void on_step_done(void *writes);

    void step();
    ngx::Task run_step(ngx::Flow &flow);

    Log &log_;
    ngx::Timer timer_;
    ngx::Flow flow_;
    std::vector<invalidate::RowKey> waiting_;
    // Stands for the last of those that wait.
    std::uint64_t counter_ = 0;
};

} // namespace edge::tier
