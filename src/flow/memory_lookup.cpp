#include "flow/memory_lookup.h"

#include "cache/freshness.h"
#include "flow/variant.h"
#include "ngx/clock.h"

namespace edge::flow {

namespace {

using cache::Entry;
using cache::Reason;

struct Found
{
    tier::Pinned object;
    Entry entry;
};

// What is stored under `hash`, if it is what `key` says: a hash finds, only
// the key identifies.
std::optional<Found> find(Request &request, const Hash128 &hash,
                          std::string_view key)
{
    std::optional<tier::Pinned> object = request.zone().find(hash);
    if (!object) {
        return std::nullopt;
    }
    const auto decoded = cache::decode_head((*object)->head());
    if (const auto *reason = std::get_if<Reason>(&decoded)) {
        request.refuse(*reason);
        return std::nullopt;
    }
    const Entry &entry = std::get<Entry>(decoded);
    if (entry.key != key) {
        request.refuse(Reason::entry_mismatch);
        return std::nullopt;
    }
    return Found{std::move(*object), entry};
}

std::optional<Found> find_variant(ngx_http_request_t *r, Request &request)
{
    const Identity &identity = *request.identity;
    std::optional<Found> found =
        find(request, identity.resource, identity.key);
    if (!found || found->entry.kind != cache::EntryKind::vary) {
        return found;
    }
    request.variant = variant_key(r->pool, request, found->entry.vary);
    return find(request, request.variant->hash, request.variant->key);
}

} // namespace

std::optional<Hit> find_in_memory(ngx_http_request_t *r, Request &request)
{
    std::optional<Found> found = find_variant(r, request);
    if (!found) {
        return std::nullopt;
    }

    const Entry &entry = found->entry;
    const WallTime now = ngx::wall_now();
    const Millis age = current_age(entry.times, now);
    const Millis remaining = entry.times.lifetime - age;
    if (remaining <= Millis(0)) {
        request.found_expired = true;
        return std::nullopt;
    }
    Reason reason = may_answer(request.facts, request.lcf.policy, entry);
    if (reason == Reason::none) {
        reason = may_satisfy(request.facts.control, request.lcf.policy, age,
                             remaining);
    }
    if (reason == Reason::none) {
        reason = request.zone().judge(*found->object, entry);
    }
    if (reason != Reason::none) {
        request.found_unusable = true;
        request.refuse(reason);
        return std::nullopt;
    }
    return Hit{entry, age, cache::Tier::memory,
               std::move(found->object), {}};
}

} // namespace edge::flow
