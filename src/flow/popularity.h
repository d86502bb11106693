// Tells Redis now and then which of a zone's objects the clients of this
// instance ask for most: others, and this one's successor, begin with them
// (flow/warm_start).
#pragma once

#include <span>
#include <string>
#include <vector>

#include "conf/warm_start.h"
#include "ngx/task.h"
#include "tier/popular_keys.h"
#include "tier/zone.h"

namespace edge::flow {

// Of one zone with Redis, in one worker of an instance.
class Popularity
{
public:
    // Both outlive it.
    Popularity(const conf::WarmStart &settings, tier::Zone &zone);
    Popularity(const Popularity &) = delete;
    Popularity &operator=(const Popularity &) = delete;

private:
    ngx::Task tell(ngx::Flow &flow);
    ngx::Task collect(ngx::Flow &flow, std::vector<cache::Used> &most_used);
    std::vector<tier::PopularKey> score(std::span<const cache::Used> some);
    std::string redis_key(const cache::Used &used);
    static void on_end(void *) {}

    const conf::WarmStart &settings_;
    tier::Zone &zone_;
    ngx::Flow flow_;
};

} // namespace edge::flow
