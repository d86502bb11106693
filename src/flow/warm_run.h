// A warm-up in this worker: its URLs one after the other, so many at a time.
#pragma once

#include <cstdint>
#include <string>

#include "cache/warm_list.h"
#include "conf/main.h"
#include "flow/batch.h"
#include "flow/warm_request.h"
#include "ngx/task.h"
#include "tier/zone.h"

namespace edge::flow {

struct WarmPlan
{
    // In the first zone, which knows how far it is.
    std::uint64_t id = 0;
    // For the log: who wanted it.
    std::string who;
    cache::WarmList list;
};

class WarmRun
{
public:
    WarmRun(conf::Main &main, WarmPlan plan);
    // Where it has not ended it is stopped.
    ~WarmRun();
    WarmRun(const WarmRun &) = delete;
    WarmRun &operator=(const WarmRun &) = delete;

    // `over(data)` is called when the last request has ended, from the event
    // loop.
    void start(void (*over)(void *), void *data);
    bool has_ended() const { return has_ended_; }

private:
    ngx::Task warm(ngx::Flow &flow);
    bool is_any_zone_behind() const;
    Begun begin(std::size_t index);
    void note_failure(std::size_t index, cache::Reason why);
    void end();

    static Begun begin_one(void *run, std::size_t index);
    static void on_request_end(void *run, std::size_t index,
                               const Request &request);

    tier::Zone &zone() const { return *main_.zones.front(); }

    conf::Main &main_;
    WarmPlan plan_;
    std::vector<http::Field> fields_;
    WarmSettings settings_;
    Batch batch_;
    bool has_ended_ = false;
    ngx::Flow flow_;
};

} // namespace edge::flow
