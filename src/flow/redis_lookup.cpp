#include "flow/redis_lookup.h"

#include "cache/freshness.h"
#include "cache/staleness.h"
#include "client/await.h"
#include "flow/stored_entry.h"
#include "flow/variant.h"
#include "ngx/clock.h"
#include "redis/commands.h"
#include "tier/redis_tier.h"

namespace edge::flow {

namespace {

using cache::Entry;
using cache::Reason;

struct Stored
{
    Entry entry;
    std::string_view head;
    std::string_view body;
};

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

// Believes nothing: whatever is not an entry of this key is a miss.
std::optional<Stored> read(const redis::Operation &operation, Request &request,
                           std::string_view key)
{
    const redis::Reply *reply = operation.reply();
    if (reply != nullptr && reply->type == redis::ReplyType::nil) {
        return std::nullopt;
    }
    if (reply == nullptr || reply->type != redis::ReplyType::bulk) {
        request.refuse(reason_of(operation));
        return std::nullopt;
    }

    const auto unsealed = cache::unseal(
        reply->text, request.zone().redis()->seal_keys());
    if (const auto *reason = std::get_if<Reason>(&unsealed)) {
        request.refuse(*reason);
        return std::nullopt;
    }
    const auto &parts = std::get<cache::Unsealed>(unsealed);
    const auto entry = read_entry(request, parts.head, key);
    if (!entry) {
        return std::nullopt;
    }
    return Stored{*entry, parts.head, parts.body};
}

// A local purge counts for what this instance filled itself (protocol 7): an
// entry from elsewhere says nothing about it.
Entry as_foreign(Entry entry)
{
    entry.ticket.local = 0;
    return entry;
}

Reason keep_in_memory(Request &request, const Hash128 &hash,
                      const Stored &stored)
{
    const std::string_view body[] = {stored.body};
    return request.zone().put({hash, request.identity->resource},
                              as_foreign(stored.entry), body,
                              keep_time(stored.entry, request.lcf.policy));
}

void take_copy(Request &request, const Hash128 &hash, const Stored &stored)
{
    const Entry entry = as_foreign(stored.entry);
    const Millis age = current_age(entry.times, ngx::wall_now());
    if (!take_stored(request, Hit{entry, age, cache::Tier::redis, std::nullopt,
                                  stored.body, std::nullopt}) ||
        (request.refresh && !request.hit)) {
        return;
    }
    // Whoever waits finds it in memory, or learns that it does not fit.
    const Reason kept = keep_in_memory(request, hash, stored);
    if (request.hit) {
        request.end_role(kept, entry.status);
    }
}

ngx::Task get(ngx::Flow &flow, Request &request,
              std::pmr::memory_resource &memory, const VariantKey &name,
              std::optional<Stored> &stored)
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

} // namespace

ngx::Task find_in_redis(ngx::Flow &flow, ngx_http_request_t *r,
                        Request &request)
{
    const std::int64_t start = ngx::monotonic_micros();
    ngx::PoolResource memory(r->pool);
    const Identity &identity = *request.identity;

    VariantKey name =
        request.variant.value_or(VariantKey{identity.key, identity.resource});
    std::optional<Stored> stored;
    co_await get(flow, request, memory, name, stored);

    const bool is_record =
        stored && stored->entry.kind == cache::EntryKind::vary;
    if (is_record && name.key != identity.key) {
        request.refuse(Reason::entry_mismatch);
    } else if (is_record) {
        keep_in_memory(request, identity.resource, *stored);
        name = variant_key(r->pool, request, stored->entry.vary);
        co_await get(flow, request, memory, name, stored);
    }
    if (stored && stored->entry.kind == cache::EntryKind::object) {
        take_copy(request, name.hash, *stored);
    }

    request.zone().counters().observe(cache::Tier::redis,
                                      ngx::monotonic_micros() - start);
}

} // namespace edge::flow
