// Fills an instance's memory from Redis when it starts, with what clients ask
// for most (flow/popularity): nobody has to ask for it first. Only as far as
// there is room, one object after the other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "conf/main.h"
#include "flow/redis_object.h"
#include "ngx/task.h"
#include "tier/redis_tier.h"
#include "tier/zone.h"

namespace edge::flow {

// Of one zone with Redis, in one worker of an instance.
class WarmStart
{
public:
    // Both outlive it.
    WarmStart(conf::Main &main, tier::Zone &zone);
    // Where it has not ended it is stopped, and goes on in the next worker.
    ~WarmStart();
    WarmStart(const WarmStart &) = delete;
    WarmStart &operator=(const WarmStart &) = delete;

private:
    ngx::Task warm(ngx::Flow &flow);
    ngx::Task fill(ngx::Flow &flow, const std::vector<std::string> &keys);
    ngx::Task copy(ngx::Flow &flow, const std::string &key);
    cache::Reason take(const StoredInRedis &stored, std::string_view key);
    cache::Reason keep(const StoredInRedis &stored,
                       const tier::RedisName &name);
    bool is_ready() const;
    bool has(shm::WarmJob::State state) const;
    void note_copy(cache::Reason why);
    void note(tier::Warmed what, cache::Reason why);
    void end(shm::WarmJob::State state);
    static void on_end(void *) {}

    // That of the zone that knows of warm-ups.
    tier::Zone &jobs() const { return *main_.zones.front(); }

    conf::Main &main_;
    tier::Zone &zone_;
    // The same as long as the zone's memory lives.
    const std::uint64_t list_;
    // 0: it has not begun, or has ended.
    std::uint64_t job_ = 0;
    bool is_full_ = false;
    ngx::Flow flow_;
};

} // namespace edge::flow
