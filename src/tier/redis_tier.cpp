#include "tier/redis_tier.h"

#include <algorithm>
#include <array>

#include "cache/freshness.h"
#include "cache/key.h"
#include "ngx/clock.h"
#include "redis/commands.h"
#include "redis/log_scripts.h"

namespace edge::tier {

// One change on its way, with everything the command points at: a script, or
// without one a DEL.
class RedisTier::Change
{
public:
    Change(RedisTier &tier, const redis::Script *script, std::string key,
           std::vector<std::string> arguments)
        : tier_(tier), key_(std::move(key)), texts_(std::move(arguments)),
          keys_{key_}, arguments_(texts_.begin(), texts_.end()),
          call_{script, keys_, arguments_},
          operation_(&memory_, &Change::over, this)
    {
    }

    bool send()
    {
        const std::string_view words[] = {redis::command::kDel, key_};
        return call_.script != nullptr
                   ? tier_.redis_.submit(operation_, call_)
                   : tier_.redis_.submit(operation_,
                                         redis::CommandParts(words));
    }
    std::size_t size() const
    {
        return texts_.empty() ? 0 : texts_.front().size();
    }

    bool succeeded() const
    {
        const redis::Reply *reply = operation_.reply();
        return reply != nullptr && reply->type == redis::ReplyType::integer;
    }
    bool stores() const { return !texts_.empty(); }

private:
    static void over(void *data)
    {
        auto *change = static_cast<Change *>(data);
        change->tier_.finish(*change);
    }

    RedisTier &tier_;
    const std::string key_;
    const std::vector<std::string> texts_;
    std::array<std::string_view, 1> keys_;
    std::vector<std::string_view> arguments_;
    redis::ScriptCall call_;
    std::array<std::byte, 256> buffer_;
    std::pmr::monotonic_buffer_resource memory_{buffer_.data(),
                                                buffer_.size()};
    redis::Operation operation_;
};

RedisTier::RedisTier(client::Redis &redis, Zone &zone,
                     std::string_view instance)
    : redis_(redis),
      key_start_(
          cache::redis_key_start(redis.config().prefix, zone.settings.name)),
      counters_(zone.counters()), log_(zone, redis, instance),
      locks_(redis, zone), popular_(redis, zone.settings.name),
      reader_(log_, locks_), writes_(log_), seal_keys_(redis.config().secrets)
{
    reader_.start();
}

RedisTier::~RedisTier() = default;

std::string RedisTier::key(const RedisName &name) const
{
    const Hash128 resource = hash128(name.resource_key, unkeyed_);
    if (name.variant_key.empty()) {
        return cache::redis_key(key_start_, resource, nullptr);
    }
    const Hash128 variant = hash128(name.variant_key, unkeyed_);
    return cache::redis_key(key_start_, resource, &variant);
}

bool RedisTier::is_key(std::string_view text) const
{
    constexpr std::size_t digest = std::tuple_size_v<decltype(to_hex({}))>;
    return text.starts_with(key_start_) &&
           text.size() > key_start_.size() + digest;
}

void RedisTier::store(const RedisName &name, const cache::Entry &entry,
                      Millis keep, std::string sealed)
{
    const Millis ttl =
        remaining_lifetime(entry.times, ngx::wall_now()) + keep;
    if (ttl > Millis(0)) {
        static_assert(redis::kStoredTicketOffset == 32);
        submit(&redis::kStoreScript, key(name),
               {std::move(sealed), std::to_string(ttl.count()), "32"});
    }
}

void RedisTier::forget(const RedisName &name)
{
    // A script that Redis does not know would come after lookups sent later.
    submit(nullptr, key(name), {});
}

void RedisTier::submit(const redis::Script *script, std::string key,
                       std::vector<std::string> arguments)
{
    auto change = std::make_unique<Change>(*this, script, std::move(key),
                                           std::move(arguments));
    const std::size_t size = change->size();
    if (!redis_.up() || size > kMaxPending - pending_bytes_ ||
        !change->send()) {
        counters_.redis_dropped.add();
        return;
    }
    pending_.push_back(std::move(change));
    pending_bytes_ += size;
}

void RedisTier::finish(Change &change)
{
    if (!change.succeeded()) {
        counters_.redis_failed.add();
    } else if (change.stores()) {
        counters_.redis_stored.add();
    }
    pending_bytes_ -= change.size();
    const auto found = std::find_if(
        pending_.begin(), pending_.end(),
        [&change](const auto &pending) { return pending.get() == &change; });
    std::swap(*found, pending_.back());
    pending_.pop_back();
}

} // namespace edge::tier
