#include "flow/redis_object.h"

#include "client/await.h"
#include "flow/stored_entry.h"
#include "redis/commands.h"
#include "tier/redis_tier.h"

namespace edge::flow {

namespace {

using cache::Reason;

Reason reason_of(const redis::Operation &operation)
{
    switch (operation.outcome()) {
    case redis::Outcome::replied:
        return Reason::redis_error;
    case redis::Outcome::timed_out:
        return Reason::redis_timeout;
    default:
        return Reason::redis_down;
    }
}

// A local purge counts for what this instance filled itself (protocol 7): an
// entry from elsewhere says nothing about it.
StoredInRedis as_foreign(StoredInRedis stored)
{
    stored.entry.ticket.local = 0;
    return stored;
}

// The reply may be of another key.
std::optional<StoredInRedis> read(const redis::Operation &get,
                                  Request &request, std::string_view key)
{
    auto read = read_stored(get, request.zone().redis()->seal_keys());
    if (const auto *reason = std::get_if<Reason>(&read)) {
        request.refuse(*reason);
        return std::nullopt;
    }
    auto &stored = std::get<StoredInRedis>(read);
    if (!is_under(key, stored.entry, request)) {
        return std::nullopt;
    }
    return std::move(stored);
}

} // namespace

std::variant<StoredInRedis, Reason>
read_stored(const redis::Operation &get, const cache::SealKeys &seal_keys)
{
    const redis::Reply *reply = get.reply();
    if (reply != nullptr && reply->type == redis::ReplyType::nil) {
        return Reason::none;
    }
    if (reply == nullptr || reply->type != redis::ReplyType::bulk) {
        return reason_of(get);
    }
    const auto unsealed = cache::unseal(reply->text, seal_keys);
    if (const auto *reason = std::get_if<Reason>(&unsealed)) {
        return *reason;
    }
    return as_foreign(std::get<StoredInRedis>(unsealed));
}

ngx::Task get_from_redis(ngx::Flow &flow, Request &request,
                         std::pmr::memory_resource &memory,
                         const VariantKey &name,
                         std::optional<StoredInRedis> &stored)
{
    tier::RedisTier &tier = *request.zone().redis();
    const bool is_variant = name.key != request.identity->key;
    const std::string key =
        tier.key({request.identity->key,
                  is_variant ? name.key : std::string_view()});
    const std::string_view words[] = {redis::command::kGet, key};
    client::Call call(flow, tier.redis(), memory, redis::CommandParts(words));
    stored = read(co_await call, request, name.key);
}

} // namespace edge::flow
