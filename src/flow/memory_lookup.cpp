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

// How the zone gives what it has: find, or peek.
using Get = std::optional<tier::Pinned> (tier::Zone::*)(const Hash128 &hash);

template <Get get>
std::optional<Found> find(Request &request, const Hash128 &hash,
                          std::string_view key)
{
    std::optional<tier::Pinned> object = (request.zone().*get)(hash);
    if (!object) {
        return std::nullopt;
    }
    const auto decoded = cache::decode_head((*object)->head());
    if (const auto *reason = std::get_if<cache::Reason>(&decoded)) {
        request.refuse(*reason);
        return std::nullopt;
    }
    const auto &entry = std::get<cache::Entry>(decoded);
    if (!is_under(key, entry, request)) {
        return std::nullopt;
    }
    return Found{std::move(*object), entry};
}

template <Get get>
std::optional<Found> find_variant(ngx_http_request_t *r, Request &request)
{
    const Identity &identity = *request.identity;
    std::optional<Found> found =
        find<get>(request, identity.resource, identity.key);
    if (!found || found->entry.kind != cache::EntryKind::vary) {
        return found;
    }
    request.variant = variant_key(r->pool, request, found->entry.vary);
    return find<get>(request, request.variant->hash, request.variant->key);
}

Hit hit_of(Found &&found)
{
    const Millis age = current_age(found.entry.times, ngx::wall_now());
    return {found.entry, age, cache::Tier::memory, std::move(found.object),
            {},          std::nullopt};
}

} // namespace

void find_in_memory(ngx_http_request_t *r, Request &request)
{
    std::optional<Found> found = find_variant<&tier::Zone::find>(r, request);
    if (found) {
        take_stored(request, hit_of(std::move(*found)));
    }
}

std::optional<Hit> peek_in_memory(ngx_http_request_t *r, Request &request)
{
    std::optional<Found> found = find_variant<&tier::Zone::peek>(r, request);
    return found ? std::optional(hit_of(std::move(*found))) : std::nullopt;
}

} // namespace edge::flow
