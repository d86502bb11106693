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

// Or else what breaks off looked whole: it ended with the connection.
bool can_mark_end(ngx_http_request_t *r)
{
    const auto *conf = static_cast<ngx_http_core_loc_conf_t *>(
        ngx_http_get_module_loc_conf(r, ngx_http_core_module));
    return r->http_version > NGX_HTTP_VERSION_11 ||
           (r->http_version == NGX_HTTP_VERSION_11 &&
            conf->chunked_transfer_encoding);
}

// Those who wait for one answer may be of several variants: nobody knew.
std::optional<VariantKey> name_of(ngx_http_request_t *r, const Request &request,
                                  const tier::Incoming &incoming)
{
    const Identity &identity = *request.identity;
    if (!incoming.vary) {
        return VariantKey{identity.key, identity.resource};
    }
    const auto decoded = cache::decode_head((*incoming.vary)->head());
    const auto *record = std::get_if<cache::Entry>(&decoded);
    if (record == nullptr || record->key != identity.key) {
        return std::nullopt;
    }
    return variant_key(r->pool, request, record->vary);
}

std::optional<Hit> hit_of(ngx_http_request_t *r, const Request &request,
                          tier::Incoming &&incoming)
{
    const auto name = name_of(r, request, incoming);
    const cache::Entry &entry = incoming.entry;
    const WallTime now = ngx::wall_now();
    if (!name || entry.key != name->key ||
        remaining_lifetime(entry.times, now) <= Millis(0) ||
        (!incoming.filler.has_size && !can_mark_end(r))) {
        return std::nullopt;
    }
    return Hit{entry,
               current_age(entry.times, now),
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
