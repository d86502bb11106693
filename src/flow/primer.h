// After a soft purge: what it has made stale and clients of this worker ask
// for most is fetched again at once, so many at a time. The rest is when they
// ask for it (edge_cache_prime).
#pragma once

#include <optional>
#include <vector>

#include "base/hash.h"
#include "conf/prime.h"
#include "flow/batch.h"
#include "flow/request.h"
#include "ngx/task.h"
#include "tier/zone.h"

namespace edge::flow {

// Of one zone, in this worker.
class Primer
{
public:
    Primer(const conf::Prime &settings, tier::Zone &zone);
    ~Primer();
    Primer(const Primer &) = delete;
    Primer &operator=(const Primer &) = delete;

private:
    struct Stale
    {
        Hash128 name;
        WallTime response;
    };

    ngx::Task prime(ngx::Flow &flow);
    std::vector<Stale> find_stale() const;
    std::optional<WallTime> stale_since(const Hash128 &name) const;
    Begun begin(const Stale &object);

    static void on_soft_purge(void *primer);
    static void on_end(void *) {}
    static Begun begin_one(void *primer, std::size_t index);
    static void on_request_end(void *request);

    const conf::Prime &settings_;
    tier::Zone &zone_;
    // There was a purge since it was last looked what is stale.
    bool is_due_ = false;
    std::vector<Stale> stale_;
    std::optional<Batch> batch_;
    ngx::Flow flow_;
};

} // namespace edge::flow
