#include "flow/reading.h"

#include <utility>

#include "cache/freshness.h"
#include "flow/stored_entry.h"
#include "flow/variant.h"
#include "ngx/clock.h"

namespace edge::flow {

namespace {

// Parts are cut out of whole bodies, and an own request only looks whether
// something is stored.
bool can_read(const ngx_http_request_t *r, const Request &request)
{
    return request.has_client() && r->headers_in.range == nullptr;
}

std::optional<cache::Entry> decode(const tier::Pinned &object)
{
    const auto decoded = cache::decode_head(object->head());
    const auto *entry = std::get_if<cache::Entry>(&decoded);
    return entry != nullptr ? std::optional(*entry) : std::nullopt;
}

// Those who wait for one answer may be of several variants: nobody knew.
std::optional<VariantKey> name_of(ngx_http_request_t *r, const Request &request,
                                  const tier::Incoming &incoming)
{
    const Identity &identity = *request.identity;
    if (!incoming.vary) {
        return VariantKey{identity.key, identity.resource};
    }
    const auto record = decode(*incoming.vary);
    if (!record || record->key != identity.key) {
        return std::nullopt;
    }
    return variant_key(r->pool, request, record->vary);
}

std::optional<Hit> hit_of(ngx_http_request_t *r, const Request &request,
                          tier::Incoming &&incoming)
{
    const auto name = name_of(r, request, incoming);
    const auto entry = decode(incoming.object);
    const WallTime now = ngx::wall_now();
    if (!name || !entry || entry->key != name->key ||
        remaining_lifetime(entry->times, now) <= Millis(0)) {
        return std::nullopt;
    }
    return Hit{*entry,
               current_age(entry->times, now),
               cache::Tier::memory,
               std::move(incoming.object),
               {},
               std::nullopt,
               incoming.filler};
}

} // namespace

Offer take_arriving(ngx_http_request_t *r, Request &request)
{
    if (!can_read(r, request)) {
        return Offer::unfit;
    }
    tier::Zone &zone = request.zone();
    auto incoming = zone.find_arriving(*request.awaited);
    if (!incoming) {
        // Or all pins are in use.
        return zone.is_arriving(*request.awaited) ? Offer::unfit : Offer::none;
    }
    if (!incoming->object->arrived()) {
        return Offer::unfit; // it has broken off, and is about to end
    }
    auto hit = hit_of(r, request, std::move(*incoming));
    if (!hit || !take_stored(request, std::move(*hit)) || !request.hit) {
        request.stale.reset();
        return Offer::unfit;
    }
    request.awaited.reset();
    return Offer::taken;
}

} // namespace edge::flow
