#include "flow/memory_lookup.h"

#include "cache/freshness.h"
#include "flow/stored_entry.h"
#include "flow/variant.h"
#include "ngx/clock.h"

namespace edge::flow {

namespace {

struct Found
{
    tier::Pinned object;
    cache::Entry entry;
};

std::optional<Found> find(Request &request, const Hash128 &hash,
                          std::string_view key)
{
    std::optional<tier::Pinned> object = request.zone().find(hash);
    if (!object) {
        return std::nullopt;
    }
    const auto entry = read_entry(request, (*object)->head(), key);
    if (!entry) {
        return std::nullopt;
    }
    return Found{std::move(*object), *entry};
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

void find_in_memory(ngx_http_request_t *r, Request &request)
{
    if (std::optional<Found> found = find_variant(r, request)) {
        const Millis age = current_age(found->entry.times, ngx::wall_now());
        take_stored(request, Hit{found->entry, age, cache::Tier::memory,
                                 std::move(found->object), {}, std::nullopt});
    }
}

} // namespace edge::flow
