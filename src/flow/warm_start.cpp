#include "flow/warm_start.h"

#include <algorithm>
#include <memory_resource>
#include <utility>

#include "cache/freshness.h"
#include "client/await.h"
#include "flow/variant.h"
#include "flow/warm_log.h"
#include "ngx/clock.h"
#include "ngx/sleep.h"
#include "redis/commands.h"
#include "tier/redis_tier.h"

namespace edge::flow {

namespace {

using cache::Reason;
using shm::WarmJob;
using tier::Warmed;

constexpr Millis kPause{100};
// A list that is not there is looked for again: Redis may have been late.
constexpr unsigned kAttempts = 10;

std::uint64_t list_of(const tier::Zone &zone)
{
    return hash128(zone.settings.name, zone.secret()).lo | 1;
}

bool is_variant(std::string_view redis_key)
{
    return !redis_key.ends_with('}');
}

bool is_fresh(const cache::EntryTimes &times)
{
    const WallTime now = ngx::wall_now();
    return !is_ahead(times, now) && remaining_lifetime(times, now) > Millis(0);
}

} // namespace

WarmStart::WarmStart(conf::Main &main, tier::Zone &zone)
    : main_(main), zone_(zone), list_(list_of(zone))
{
    flow_.run(warm(flow_), &WarmStart::on_end, nullptr);
}

WarmStart::~WarmStart()
{
    end(WarmJob::State::stopped);
}

ngx::Task WarmStart::warm(ngx::Flow &flow)
{
    unsigned attempts = 0;
    while (!has(WarmJob::State::done) && attempts < kAttempts && !ngx_exiting) {
        if (is_ready() && !has(WarmJob::State::running)) {
            std::vector<std::string> keys;
            co_await zone_.redis()->popular().read(
                flow, main_.warm_start.most, keys);
            if (keys.empty()) {
                attempts++;
            } else {
                co_await fill(flow, keys);
            }
        }
        co_await ngx::Sleep(flow, kPause, ngx::Timer::Holds::nothing);
    }
}

// It keeps nothing until it has read its log.
bool WarmStart::is_ready() const
{
    return zone_.redis()->redis().up() && zone_.coherence().is_serving;
}

bool WarmStart::has(WarmJob::State state) const
{
    const auto job = jobs().warm_job_of(list_);
    return job && job->state == state;
}

ngx::Task WarmStart::fill(ngx::Flow &flow, const std::vector<std::string> &keys)
{
    const auto begun = jobs().begin_warm(list_, keys.size());
    if (!begun) {
        co_return;
    }
    job_ = *begun;
    for (const std::string &key : keys) {
        while (!zone_.redis()->redis().up() && !ngx_exiting) {
            co_await ngx::Sleep(flow, kPause, ngx::Timer::Holds::nothing);
        }
        if (ngx_exiting) {
            end(WarmJob::State::stopped);
            co_return;
        }
        if (is_full_) {
            note(Warmed::failed, Reason::zone_full);
        } else {
            co_await copy(flow, key);
        }
    }
    end(WarmJob::State::done);
}

ngx::Task WarmStart::copy(ngx::Flow &flow, const std::string &key)
{
    tier::RedisTier &redis = *zone_.redis();
    if (!redis.is_key(key)) {
        note(Warmed::failed, Reason::entry_mismatch);
        co_return;
    }
    const std::string_view words[] = {redis::command::kGet, key};
    std::pmr::monotonic_buffer_resource memory;
    client::Call call(flow, redis.redis(), memory, redis::CommandParts(words));
    const auto read = read_stored(co_await call, redis.seal_keys());
    if (const auto *stored = std::get_if<StoredInRedis>(&read)) {
        note_copy(take(*stored, key));
    } else {
        const Reason why = std::get<Reason>(read);
        note(Warmed::failed, why == Reason::none ? Reason::not_cached : why);
    }
}

// What stands under another key than its own is none.
Reason WarmStart::take(const StoredInRedis &stored, std::string_view key)
{
    const cache::Entry &entry = stored.entry;
    const tier::RedisName name = redis_name(entry, is_variant(key));
    if (zone_.redis()->key(name) != key) {
        return Reason::entry_mismatch;
    }
    if (!is_fresh(entry.times)) {
        return Reason::not_cached;
    }
    const Reason reason = zone_.judge(entry);
    return reason == Reason::none ? keep(stored, name) : reason;
}

// Stale ones are left to Redis.
Reason WarmStart::keep(const StoredInRedis &stored, const tier::RedisName &name)
{
    const Hash128 hash = hash128(stored.entry.key, zone_.secret());
    if (zone_.peek(hash)) {
        return Reason::newer_stored;
    }
    is_full_ = !zone_.has_room(stored.head.size(), stored.body.size());
    if (is_full_) {
        return Reason::zone_full;
    }
    const std::string_view body[] = {stored.body};
    return zone_.put({hash, hash128(name.resource_key, zone_.secret())},
                     stored.entry, body, Millis(0));
}

void WarmStart::note_copy(Reason why)
{
    switch (why) {
    case Reason::none:
        note(Warmed::stored, why);
        break;
    case Reason::newer_stored:
        note(Warmed::found, why);
        break;
    default:
        note(Warmed::failed, why);
        break;
    }
}

void WarmStart::note(Warmed what, Reason why)
{
    jobs().note_warmed(job_, what, why);
    shm::Counters &counters = zone_.counters();
    switch (what) {
    case Warmed::stored:
        counters.warm_starts_stored.add();
        break;
    case Warmed::found:
        counters.warm_starts_found.add();
        break;
    case Warmed::failed:
        counters.warm_starts_failed.add();
        break;
    }
}

void WarmStart::end(WarmJob::State state)
{
    if (job_ == 0) {
        return;
    }
    jobs().end_warm(job_, state);
    if (const auto job = jobs().warm_job(job_)) {
        log_warm_end(*job, {"start of zone " + std::string(zone_.settings.name),
                            "objects"});
    }
    job_ = 0;
}

} // namespace edge::flow
