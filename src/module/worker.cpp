#include "module/worker.h"

#include <memory>
#include <string>
#include <vector>

#include "client/redis.h"
#include "conf/main.h"
#include "flow/warmer.h"
#include "ngx/bell.h"
#include "ngx/detached.h"
#include "ngx/text.h"
#include "ngx/timer.h"
#include "tier/limit_link.h"
#include "tier/limit_zone.h"
#include "tier/redis_tier.h"
#include "tier/zone.h"

namespace edge::module {

namespace {

// Everything that lives as long as this process serves requests.
class Worker
{
public:
    Worker(conf::Main &main, std::string_view instance);
    ~Worker();

private:
    static void sweep(void *data);
    static void wake_waits(void *data);
    static std::uint64_t count_instances(void *zone);
    void connect(tier::LimitZone &zone);
    client::Redis *find(const client::RedisConfig *config) const;
    tier::Zone *zone_with(const client::RedisConfig *config) const;

    conf::Main &main_;
    std::vector<std::unique_ptr<client::Redis>> redis_;
    std::vector<std::unique_ptr<tier::RedisTier>> tiers_;
    std::vector<std::unique_ptr<tier::LimitLink>> limit_links_;
    ngx::Timer sweep_timer_;
    ngx::Bell bell_;
};

std::unique_ptr<Worker> worker;

Worker::Worker(conf::Main &main, std::string_view instance)
    : main_(main),
      sweep_timer_(&Worker::sweep, this, ngx::Timer::Holds::nothing),
      bell_(&Worker::wake_waits, this)
{
    for (const client::RedisConfig *config : main.redis) {
        redis_.push_back(std::make_unique<client::Redis>(*config));
        redis_.back()->start();
    }
    for (tier::Zone *zone : main.zones) {
        zone->prepare(main.labels, main.fetch_groups, main.fill_memory,
                      main.max_waits);
        if (client::Redis *redis = find(zone->settings.redis)) {
            tiers_.push_back(std::make_unique<tier::RedisTier>(
                *redis, *zone, instance));
            zone->connect(tiers_.back().get());
        }
    }
    for (tier::LimitZone *zone : main.limit_zones) {
        connect(*zone);
        if (tier::Zone *log = zone_with(zone->settings.redis)) {
            zone->count_instances_by(&Worker::count_instances, log);
        }
    }
    sweep(this);
    flow::begin_warming(main);
}

// Connections are closed here: nginx looks for open sockets right after.
Worker::~Worker()
{
    flow::end_warming();
    for (tier::Zone *zone : main_.zones) {
        tier::RedisTier *redis = zone->redis();
        zone->connect(nullptr);
        if (zone->release_this_process() && redis != nullptr) {
            redis->log().leave();
        }
    }
    for (tier::LimitZone *zone : main_.limit_zones) {
        zone->connect(nullptr);
    }
}

void Worker::connect(tier::LimitZone &zone)
{
    if (client::Redis *redis = find(zone.settings.redis)) {
        limit_links_.push_back(
            std::make_unique<tier::LimitLink>(*redis, zone));
        zone.connect(limit_links_.back().get());
    }
}

client::Redis *Worker::find(const client::RedisConfig *config) const
{
    for (const auto &redis : redis_) {
        if (&redis->config() == config) {
            return redis.get();
        }
    }
    return nullptr;
}

// Limits have no members of their own: the instances that share a cache zone
// over the same Redis are those that share the limits.
tier::Zone *Worker::zone_with(const client::RedisConfig *config) const
{
    for (tier::Zone *zone : main_.zones) {
        if (config != nullptr && zone->settings.redis == config) {
            return zone;
        }
    }
    return nullptr;
}

std::uint64_t Worker::count_instances(void *zone)
{
    return static_cast<tier::Zone *>(zone)->live_instances();
}

// A fill or fetch has ended, in this worker or another one.
void Worker::wake_waits(void *data)
{
    for (tier::Zone *zone : static_cast<Worker *>(data)->main_.zones) {
        zone->wake_waits();
        zone->wake_fetch_waits();
    }
}

// Once a second: what workers that died had pinned, reserved or were filling.
void Worker::sweep(void *data)
{
    auto *self = static_cast<Worker *>(data);
    self->sweep_timer_.start(Millis(1000));
    for (tier::Zone *zone : self->main_.zones) {
        zone->release_dead_owners();
    }
}

// Not the cache manager or loader, nor a master.
bool serves_requests()
{
    return ngx_process == NGX_PROCESS_WORKER ||
           ngx_process == NGX_PROCESS_SINGLE;
}

// The same after a restart, another one for every nginx on a host: a member of
// the log that is silent is replaced by the next one of its name.
std::string instance_name(const ngx_cycle_t *cycle, const conf::Main &main)
{
    if (!main.instance.empty()) {
        return std::string(main.instance);
    }
    std::string name(ngx::view(cycle->hostname));
    return name.append(":").append(ngx::view(cycle->conf_file));
}

} // namespace

ngx_int_t init_module(ngx_cycle_t *cycle)
{
    if (conf::main(cycle) == nullptr || ngx_test_config) {
        return NGX_OK;
    }
    // What fails here ends nginx, also on a reload: then it goes on without.
    const bool is_reload = !ngx_is_init_cycle(cycle->old_cycle);
    const ngx_uint_t level = is_reload ? NGX_LOG_ALERT : NGX_LOG_EMERG;
    const ngx_int_t failed = is_reload ? NGX_OK : NGX_ERROR;
    if (!ngx::open_bells()) {
        ngx_log_error(level, cycle->log, ngx_errno,
                      "eventfd() failed: nginx needs %uz more open files "
                      "(ulimit -n)",
                      WorkerSet::kMax);
        return failed;
    }
    if (!ngx::open_null_device()) {
        ngx_log_error(level, cycle->log, ngx_errno,
                      "open() \"/dev/null\" failed");
        return failed;
    }
    return NGX_OK;
}

ngx_int_t init_worker(ngx_cycle_t *cycle)
{
    conf::Main *mcf = conf::main(cycle);
    if (mcf != nullptr && serves_requests()) {
        // nginx's clock is that of before the configuration was read: timers
        // that start now might have run out.
        ngx_time_update();
        worker = std::make_unique<Worker>(*mcf, instance_name(cycle, *mcf));
    }
    return NGX_OK;
}

void exit_worker(ngx_cycle_t *)
{
    worker.reset();
}

} // namespace edge::module
