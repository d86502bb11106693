#include "tier/redis_tier.h"

#include <algorithm>
#include <array>

#include "cache/freshness.h"
#include "cache/key.h"
#include "ngx/clock.h"
#include "redis/log_scripts.h"

namespace edge::tier {

// One entry on its way, with everything the command points at.
class RedisTier::Store
{
public:
    Store(RedisTier &tier, std::string key, std::string sealed, Millis ttl)
        : tier_(tier), key_(std::move(key)), sealed_(std::move(sealed)),
          ttl_(std::to_string(ttl.count())),
          keys_{key_}, arguments_{sealed_, ttl_, kTicketOffset},
          call_{&redis::kStoreScript, keys_, arguments_},
          operation_(&memory_, &Store::over, this)
    {
    }

    bool send() { return tier_.redis_.submit(operation_, call_); }
    std::size_t size() const { return sealed_.size(); }

    bool succeeded() const
    {
        const redis::Reply *reply = operation_.reply();
        return reply != nullptr && reply->type == redis::ReplyType::integer;
    }

private:
    static_assert(redis::kStoredTicketOffset == 32);
    static constexpr std::string_view kTicketOffset = "32";

    static void over(void *data)
    {
        auto *store = static_cast<Store *>(data);
        store->tier_.finish(*store);
    }

    RedisTier &tier_;
    const std::string key_;
    const std::string sealed_;
    const std::string ttl_;
    std::array<std::string_view, 1> keys_;
    std::array<std::string_view, 3> arguments_;
    redis::ScriptCall call_;
    std::array<std::byte, 256> buffer_;
    std::pmr::monotonic_buffer_resource memory_{buffer_.data(),
                                                buffer_.size()};
    redis::Operation operation_;
};

RedisTier::RedisTier(client::Redis &redis, Zone &zone,
                     std::string_view instance)
    : redis_(redis), zone_(zone.settings.name), counters_(zone.counters()),
      log_(zone, redis, instance), reader_(log_)
{
    reader_.start();
}

RedisTier::~RedisTier() = default;

std::string RedisTier::key(const RedisName &name) const
{
    const Hash128 resource = hash128(name.resource_key, secret_);
    if (name.variant_key.empty()) {
        return cache::redis_key(redis_.config().prefix, zone_, resource,
                                nullptr);
    }
    const Hash128 variant = hash128(name.variant_key, secret_);
    return cache::redis_key(redis_.config().prefix, zone_, resource,
                            &variant);
}

void RedisTier::store(const RedisName &name, const cache::Entry &entry,
                      std::string sealed)
{
    const Millis ttl = remaining_lifetime(entry.times, ngx::wall_now());
    const std::size_t size = sealed.size();
    if (ttl <= Millis(0)) {
        return;
    }
    if (!redis_.up() || size > kMaxPending - pending_bytes_) {
        counters_.redis_dropped.add();
        return;
    }
    auto store =
        std::make_unique<Store>(*this, key(name), std::move(sealed), ttl);
    if (!store->send()) {
        counters_.redis_dropped.add();
        return;
    }
    pending_.push_back(std::move(store));
    pending_bytes_ += size;
}

void RedisTier::finish(Store &store)
{
    (store.succeeded() ? counters_.redis_stored : counters_.redis_failed)
        .add();
    pending_bytes_ -= store.size();
    const auto found = std::find_if(
        pending_.begin(), pending_.end(),
        [&store](const auto &pending) { return pending.get() == &store; });
    std::swap(*found, pending_.back());
    pending_.pop_back();
}

} // namespace edge::tier
