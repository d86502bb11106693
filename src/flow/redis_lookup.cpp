#include "flow/redis_lookup.h"

#include "cache/freshness.h"
#include "cache/staleness.h"
#include "flow/redis_object.h"
#include "flow/stored_entry.h"
#include "flow/variant.h"
#include "ngx/clock.h"
#include "ngx/recycling_pool.h"
#include "tier/redis_tier.h"

namespace edge::flow {

namespace {

using cache::Reason;

Reason keep_in_memory(Request &request, const Hash128 &hash,
                      const StoredInRedis &stored)
{
    const std::string_view body[] = {stored.body};
    return request.zone().put({hash, request.identity->resource},
                              stored.entry, body,
                              keep_time(stored.entry, request.lcf.policy));
}

// What warms the memory is wanted there, and so is what others wait for.
bool is_worth_keeping(Request &request, const Hash128 &hash,
                      const StoredInRedis &stored)
{
    const shm::FillId fill =
        request.role ? request.role->fill() : shm::FillId();
    return !request.has_client() ||
           request.zone().is_worth_a_copy(fill, hash, stored.head.size(),
                                          stored.body.size());
}

void take_copy(Request &request, const Hash128 &hash,
               const StoredInRedis &stored)
{
    const cache::Entry &entry = stored.entry;
    const Millis age = current_age(entry.times, ngx::wall_now());
    if (!take_stored(request, Hit{entry, age, cache::Tier::redis, std::nullopt,
                                  stored.body, std::nullopt}) ||
        (request.is_own() && !request.hit)) {
        return;
    }
    // Whoever waits finds it in memory, or learns that it does not fit.
    const Reason kept = is_worth_keeping(request, hash, stored)
                            ? keep_in_memory(request, hash, stored)
                            : Reason::none;
    if (request.hit) {
        request.end_role(kept, entry.status);
    }
}

} // namespace

ngx::Task find_in_redis(ngx::Flow &flow, ngx_http_request_t *r,
                        Request &request)
{
    const std::int64_t start = ngx::monotonic_micros();
    ngx::RecyclingPool memory(r->pool);
    const Identity &identity = *request.identity;

    VariantKey name = known_name(request);
    std::optional<StoredInRedis> stored;
    co_await get_from_redis(flow, request, memory, name, stored);

    const bool is_record =
        stored && stored->entry.kind == cache::EntryKind::vary;
    if (is_record && name.key != identity.key) {
        request.refuse(Reason::entry_mismatch);
    } else if (is_record) {
        keep_in_memory(request, identity.resource, *stored);
        name = variant_key(r->pool, request, stored->entry.vary);
        co_await get_from_redis(flow, request, memory, name, stored);
    }
    if (stored && stored->entry.kind == cache::EntryKind::object) {
        take_copy(request, name.hash, *stored);
    }

    request.zone().counters().observe(cache::Tier::redis,
                                      ngx::monotonic_micros() - start);
}

} // namespace edge::flow
