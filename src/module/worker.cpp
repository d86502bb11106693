#include "module/worker.h"

#include "conf/main.h"
#include "ngx/pool.h"
#include "ngx/timer.h"
#include "tier/zone.h"

namespace edge::module {

namespace {

// Not the cache manager or loader, nor a master.
bool serves_requests()
{
    return ngx_process == NGX_PROCESS_WORKER ||
           ngx_process == NGX_PROCESS_SINGLE;
}

// Once a second: what workers that died had pinned or reserved.
class Sweeper
{
public:
    explicit Sweeper(conf::Main &main)
        : main_(main), timer_(&Sweeper::sweep, this,
                              ngx::Timer::Holds::nothing)
    {
        sweep(this);
    }

private:
    static void sweep(void *data)
    {
        auto *self = static_cast<Sweeper *>(data);
        for (tier::Zone *zone : self->main_.zones) {
            zone->release_dead_owners();
        }
        self->timer_.start(Millis(1000));
    }

    conf::Main &main_;
    ngx::Timer timer_;
};

} // namespace

ngx_int_t init_worker(ngx_cycle_t *cycle)
{
    conf::Main *mcf = conf::main(cycle);
    if (mcf == nullptr || !serves_requests()) {
        return NGX_OK;
    }
    for (tier::Zone *zone : mcf->zones) {
        zone->prepare(mcf->labels, mcf->fill_memory);
    }
    ngx::pool_new<Sweeper>(cycle->pool, *mcf);
    return NGX_OK;
}

void exit_worker(ngx_cycle_t *cycle)
{
    conf::Main *mcf = conf::main(cycle);
    if (mcf == nullptr || !serves_requests()) {
        return;
    }
    for (tier::Zone *zone : mcf->zones) {
        zone->release_this_process();
    }
}

} // namespace edge::module
