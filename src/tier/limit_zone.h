// A limit zone: how full the buckets of its keys are as this instance knows
// it, and what was decided. Shared by all workers, kept over reloads; a level
// means the same at any rate, so a new rate acts at once on what was there.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/hash.h"
#include "limit/leases.h"
#include "limit/meter.h"
#include "limit/rate.h"
#include "limit/status.h"
#include "ngx/nginx.h"
#include "ngx/value.h"
#include "redis/limit_script.h"
#include "shm/buckets.h"
#include "shm/counters.h"

namespace edge::client {
class Redis;
struct RedisConfig;
} // namespace edge::client

namespace edge::limit {
struct LocalLimit;
}

namespace edge::tier {

struct LimitLink;

// The clocks that limits go by.
limit::Clocks limit_clocks();

struct LimitZoneSettings
{
    std::string_view name;
    std::uint64_t size = 0; // 0: used, but not yet made by edge_limit_zone
    ngx::Value *key = nullptr;
    ngx::Value *tag = nullptr; // null: the key
    limit::Figures figures;
    limit::Meter meter;          // of them
    std::string_view redis_name; // empty: every instance limits alone
    const client::RedisConfig *redis = nullptr;
};

// Decisions at one zone, no lock needed. A request that one of several limits
// refused is counted there alone: the others were not charged.
class LimitCounters
{
public:
    void add(limit::Status status, limit::Source source)
    {
        cell(status, source).add();
    }
    std::uint64_t value(limit::Status status, limit::Source source) const
    {
        return const_cast<LimitCounters *>(this)->cell(status, source).value();
    }

    // A limit that did not apply: decided by nobody.
    shm::Counter exempt;

    // Decisions that left less than a fifth.
    shm::Counter near;

    // Charges for what an answer cost that did not leave for Redis.
    shm::Counter debits_lost;

private:
    shm::Counter &cell(limit::Status status, limit::Source source)
    {
        return decisions_[static_cast<std::size_t>(status)]
                         [static_cast<std::size_t>(source)];
    }

    std::array<std::array<shm::Counter, limit::kSources>, limit::kStatuses>
        decisions_;
};

struct LimitZoneStats
{
    std::uint64_t capacity = 0; // keys
    std::uint64_t evicted = 0;  // keys that were forgotten before their time
    std::uint64_t shared = 0;   // times a key had to share a bucket
};

// At the start of the zone's memory.
struct LimitZoneHead;

class LimitZone
{
public:
    static constexpr std::uint64_t kMinSize = 32 * 1024;

    LimitZoneSettings settings;

    // Configuration: asks nginx for the memory.
    bool declare(ngx_conf_t *cf);

    // This worker's, when settings.redis names one; lives as long as the worker
    // serves.
    void connect(LimitLink *link) { link_ = link; }
    LimitLink *link() const { return link_; }
    // Null without a link.
    client::Redis *redis() const;

    // What this instance has admitted without Redis (limit/local.h), to be
    // charged there.
    std::int64_t take_charges(const limit::LocalLimit &limit);

    // Charges `limit.cost` units in Redis; counted if that cannot be.
    void debit(const redis::ScriptLimit &limit, int how = redis::kDebit);

    // Tells how many instances limit together; 0: unknown, as it is until
    // this is set. `data` outlives the zone.
    using CountInstances = std::uint64_t (*)(void *data);
    void count_instances_by(CountInstances count, void *data);
    // At least 1.
    std::uint64_t instances() const;

    // Of a key's value, by this zone's own secret.
    Hash128 hash(std::string_view value) const;

    LimitCounters &counters() const;
    LimitZoneStats stats();

    // This process's own.
    limit::Leases &leases() { return leases_; }

    // To be used under the lock.
    shm::Buckets buckets() const { return *buckets_; }
    ngx_shmtx_t *mutex() const { return mutex_; }

private:
    static ngx_int_t init(ngx_shm_zone_t *shm_zone, void *old);
    bool counts_as(const LimitZone &before) const;
    bool map(std::span<std::byte> memory, bool fresh);

    ngx_shmtx_t *mutex_ = nullptr;
    LimitZoneHead *head_ = nullptr;
    std::optional<shm::Buckets> buckets_;
    std::optional<HashSecret> secret_;

    LimitLink *link_ = nullptr;
    limit::Leases leases_;
    CountInstances count_ = nullptr;
    void *count_data_ = nullptr;
};

// The locks of some zones, none of them twice. There is nothing to recover
// when a holder dies: buckets are valid after every store.
class LimitLock
{
public:
    // At most redis::kMaxLimits.
    explicit LimitLock(std::span<LimitZone *const> zones);
    ~LimitLock();
    LimitLock(const LimitLock &) = delete;
    LimitLock &operator=(const LimitLock &) = delete;

private:
    std::span<ngx_shmtx_t *> taken() { return {mutexes_.data(), count_}; }

    std::array<ngx_shmtx_t *, redis::kMaxLimits> mutexes_;
    std::size_t count_;
};

} // namespace edge::tier
