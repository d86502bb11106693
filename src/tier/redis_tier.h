// The shared tier: objects in Redis, for all instances that use the same one.
#pragma once

#include <memory>
#include <memory_resource>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "cache/entry.h"
#include "cache/seal.h"
#include "client/redis.h"
#include "shm/counters.h"
#include "tier/fill_locks.h"
#include "tier/log.h"
#include "tier/log_reader.h"
#include "tier/popular_keys.h"
#include "tier/write_log.h"

namespace edge::tier {

// Where an object is in Redis: its resource, and its variant if it has any.
struct RedisName
{
    std::string_view resource_key;
    // Empty for the resource's own object or record.
    std::string_view variant_key;
};

class RedisTier
{
public:
    // All of them outlive it. `instance`: this one's name, for people.
    RedisTier(client::Redis &redis, Zone &zone, std::string_view instance);
    ~RedisTier();
    RedisTier(const RedisTier &) = delete;

    client::Redis &redis() const { return redis_; }
    // The zone's log of purges, in the same Redis.
    Log &log() { return log_; }
    // What unsafe methods changed, for that log.
    WriteLog &writes() { return writes_; }
    FillLocks &locks() { return locks_; }
    std::string key(const RedisName &name) const;
    // Whether it may be one of those.
    bool is_key(std::string_view text) const;
    // Those that clients ask for most.
    PopularKeys &popular() { return popular_; }
    const cache::SealKeys &seal_keys() const { return seal_keys_; }

    // Write-behind: leaves with the other commands of this turn, and nobody
    // waits for it. Over kMaxPending bytes, or without Redis, it is dropped
    // and counted: the next miss fills again. `keep`: for how long after its
    // lifetime.
    void store(const RedisName &name, const cache::Entry &entry, Millis keep,
               std::string sealed);

    // Likewise, and an object less.
    void forget(const RedisName &name);

private:
    static constexpr std::size_t kMaxPending = 16 * 1024 * 1024;

    class Change;
    void submit(const redis::Script *script, std::string key,
                std::vector<std::string> arguments);
    void finish(Change &change);

    client::Redis &redis_;
    const std::string key_start_;
    shm::Counters &counters_;
    Log log_;
    FillLocks locks_;
    PopularKeys popular_;
    LogReader reader_;
    WriteLog writes_;
    // What all instances find an object by. Not keyed with the secret of the
    // entries: while that is changed, what was signed with the other one must
    // still be found.
    const HashSecret unkeyed_;
    const cache::SealKeys seal_keys_;
    std::vector<std::unique_ptr<Change>> pending_;
    std::size_t pending_bytes_ = 0;
};

} // namespace edge::tier
