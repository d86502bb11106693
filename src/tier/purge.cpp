#include "tier/purge.h"

namespace edge::tier {

namespace {

void count(Zone &zone, invalidate::PurgeMode mode)
{
    shm::Counters &counters = zone.counters();
    (mode == invalidate::PurgeMode::hard ? counters.purges_hard
                                         : counters.purges_soft)
        .add();
}

} // namespace

ngx::Task purge([[maybe_unused]] ngx::Flow &flow, Zone &zone,
                const PurgeOrder &order, PurgeOutcome &outcome)
{
    count(zone, order.mode);
    outcome.generation = zone.purge(order.rows, order.mode);
    outcome.local = true;
    outcome.applied = outcome.live = 1;
    co_return;
}

} // namespace edge::tier
