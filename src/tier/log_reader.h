// Keeps a zone in step with its log: of all workers of an instance one, the
// others look after it and take over when it is gone.
#pragma once

#include <optional>

#include "client/subscriber.h"
#include "ngx/task.h"
#include "ngx/timer.h"
#include "tier/fill_locks.h"
#include "tier/log.h"

namespace edge::tier {

class LogReader
{
public:
    // Both outlive it. Messages about fills are the locks' to judge.
    LogReader(Log &log, FillLocks &locks);
    ~LogReader();
    LogReader(const LogReader &) = delete;

    void start();

private:
    static void on_timer(void *reader);
    static void on_wake(void *reader);
    static void on_message(void *reader, std::string_view channel,
                           std::string_view message);
    static void on_step_done(void *reader);

    bool take_role();
    void give_role_back();
    void step();
    ngx::Task run_step(ngx::Flow &flow);
    void tell_replicas(bool is_replicated);

    Log &log_;
    FillLocks &locks_;
    ngx::Timer timer_;
    // Only with the role: one more connection.
    std::optional<client::Subscriber> subscriber_;
    ngx::Flow flow_;
    // Woken while a step was running: it may have read before that.
    bool again_ = false;
    bool was_replicated_ = true;
};

} // namespace edge::tier
