#include "flow/store.h"

#include <algorithm>

#include "flow/framing.h"
#include "flow/variant.h"
#include "http/vary.h"
#include "invalidate/selector.h"
#include "tier/redis_tier.h"

namespace edge::flow {

namespace {

using cache::Entry;
using cache::Reason;

// The names that are known, and those of the new answer: keying by more than
// is needed is safe, by less is not.
std::vector<std::string> merge_vary(Request &request,
                                    std::vector<std::string> names)
{
    for (std::string &name : known_vary(request)) {
        names.push_back(std::move(name));
    }
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
}

std::string selectors_of(const Identity &identity, const FillPlan &plan)
{
    invalidate::EntryNames names = names_of(identity);
    names.tags = plan.tags;
    names.groups = plan.groups;
    return invalidate::selectors_of(names);
}

// The record that says by which fields the resource's variants differ. It
// carries nothing that could be purged.
Entry make_vary_record(const Entry &object, std::string_view names,
                       std::string_view resource_key)
{
    Entry record = object;
    record.kind = cache::EntryKind::vary;
    record.status = 0;
    record.key = resource_key;
    record.vary = cache::StringList(names);
    record.selectors = {};
    record.tags = {};
    record.fields = {};
    record.body_size = 0;
    return record;
}

using Body = std::span<const std::string_view>;

// Into both tiers; what memory has no room for may still be shared.
Reason put(Request &request, const tier::ObjectName &name,
           const tier::RedisName &redis_name, const Entry &entry, Body body)
{
    const Reason reason = request.zone().put(name, entry, body);
    tier::RedisTier *redis = request.zone().redis();
    if (redis != nullptr &&
        (reason == Reason::none || reason == Reason::zone_full)) {
        redis->store(redis_name, entry,
                     cache::seal(cache::encode_head(entry), body,
                                 redis->seal_keys()));
    }
    return reason;
}

Reason put_variant(ngx_http_request_t *r, Request &request,
                   const std::vector<std::string> &names, Entry &entry)
{
    const Identity &identity = *request.identity;
    const std::string vary = encode(names);
    const Entry record = make_vary_record(entry, vary, identity.key);
    const Reason reason =
        put(request, {identity.resource, identity.resource},
            {identity.key, {}}, record, {});
    if (reason != Reason::none) {
        return reason;
    }
    const VariantKey variant =
        variant_key(r->pool, request, cache::StringList(vary));
    entry.key = variant.key;
    return put(request, {variant.hash, identity.resource},
               {identity.key, variant.key}, entry, request.fill->pieces());
}

Reason store(ngx_http_request_t *r, Request &request)
{
    FillPlan &plan = request.fill->plan();
    const Identity &identity = *request.identity;
    const std::vector<std::string> names = merge_vary(request, plan.vary);
    if (names.size() > http::Vary::max_names) {
        return Reason::vary_limit;
    }
    const std::string tags = encode(plan.tags);
    const std::string selectors = selectors_of(identity, plan);

    Entry &entry = plan.entry;
    entry.ticket = request.ticket;
    entry.key = identity.key;
    entry.tenant = identity.tenant;
    entry.selectors = selectors;
    entry.tags = cache::StringList(tags);
    entry.fields = cache::StringList(plan.fields);
    entry.body_size = request.fill->size();
    return names.empty()
               ? put(request, {identity.resource, identity.resource},
                     {identity.key, {}}, entry, request.fill->pieces())
               : put_variant(r, request, names, entry);
}

} // namespace

void store_fill(ngx_http_request_t *r, Request &request)
{
    request.fill_ended = true;
    const Reason reason = request.fill->is_complete() && has_ended(r)
                              ? store(r, request)
                              : Reason::truncated;
    request.is_stored = reason == Reason::none;
    request.refuse(reason);
    request.end_role(reason, request.fill->plan().entry.status);

    shm::Counters &counters = request.zone().counters();
    if (reason == Reason::none) {
        counters.fills_stored.add();
    } else {
        counters.fills_aborted.add();
    }
}

} // namespace edge::flow
