// What is known of one request on its way.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/hash.h"
#include "cache/admission.h"
#include "cache/entry.h"
#include "cache/reason.h"
#include "cache/status.h"
#include "conf/location.h"
#include "flow/hidden_headers.h"
#include "flow/identity.h"
#include "flow/variant.h"
#include "http/field.h"
#include "ngx/nginx.h"
#include "tier/fetch_slot.h"
#include "tier/fill_role.h"
#include "tier/filler.h"
#include "tier/pinned.h"
#include "tier/zone.h"

namespace edge::flow {

class Fill;

// A stored object that answers the request: pinned in shared memory, or a copy
// in the request's pool.
struct Hit
{
    cache::Entry entry;
    Millis age;
    cache::Tier tier;
    std::optional<tier::Pinned> object;
    std::string_view copy;
    // The body of a compressed entry, unpacked for this client (flow/coding).
    std::optional<std::string_view> identity;
    // Not all of the object is there yet (flow/reading).
    std::optional<tier::Filler> filler = std::nullopt;

    bool is_packed() const { return entry.is_compressed() && !identity; }
    // False: it is known at the end of the body.
    bool has_size() const { return !filler || filler->has_size; }

    template <typename Visit> void for_each_piece(Visit &&visit) const
    {
        if (identity) {
            visit(*identity);
            return;
        }
        if (!object) {
            visit(copy);
            return;
        }
        auto pieces = (*object)->body();
        while (const auto piece = pieces.next()) {
            visit(*piece);
        }
    }
};

// What would have answered, were it not for shadow mode (flow/shadow).
struct ShadowHit
{
    std::uint16_t status;
    std::uint64_t body_hash;
    std::uint64_t body_size;
    Millis age;
    // The origin's body so far, where it is compared.
    std::optional<PieceHash> origin;
};

// What nginx does next, and when the client leaves (flow/client_abort).
struct ClientWatch
{
    ngx_http_handler_pt content = nullptr;
    ngx_http_event_handler_pt read = nullptr;
    ngx_http_event_handler_pt write = nullptr;
    bool is_sending = false; // `write` is in use
};

// That a request is one of our own (flow/refresh): what it fetches again.
struct Refresh
{
    std::string key;
    // When what is stored of it was received.
    WallTime response;
};

// The same: what it fetches before anybody asks for it (flow/warm).
struct Warm
{
    // Whose it has to be; outlives the request.
    std::optional<std::string_view> tenant;
};

// An unsafe method that may have changed a resource, by the rules of the
// location that it came to first.
struct Write
{
    const conf::Location *lcf;
    Identity identity;
};

struct Request
{
    explicit Request(conf::Location &location) : lcf(location) {}

    conf::Location &lcf;
    tier::Zone &zone() const { return *lcf.zone.value; }
    // Null: nothing is shared, or nothing of this is to be.
    tier::RedisTier *redis() const
    {
        const bool is_local = lcf.shadow.value || lcf.is_auth_check;
        return is_local ? nullptr : zone().redis();
    }

    cache::Status status = cache::Status::none;
    cache::Reason reason = cache::Reason::none;

    // What the client sent; headers_in is made plainer for a fill.
    http::Fields fields;
    cache::RequestFacts facts;
    Given given;
    std::optional<Identity> identity;
    std::string own_selectors; // see selectors_of()

    // What memory knows of the resource's Vary names this variant.
    std::optional<VariantKey> variant;
    std::optional<Hit> hit;
    // What was found for it is not fresh any more, or has been purged softly.
    bool found_expired = false;
    // It is, but not for this request, or not any more.
    bool found_unusable = false;
    // What can be asked about, or sent should the origin fail.
    std::optional<Hit> stale;
    // The origin is asked whether `stale` is still good.
    bool is_conditional = false;
    // `hit` is sent in place of this status of the origin's; 0: it is not.
    std::uint16_t substituted = 0;
    bool substitute_sent = false;
    // The header that the origin's 304 has made of it.
    std::string confirmed_fields;

    std::optional<ShadowHit> shadow;

    std::optional<Write> written;
    // What a miss has to do with others of the same: it waits for another's
    // fill, or has a part in which it asks the API.
    std::optional<shm::FillId> awaited;
    std::optional<tier::FillRole> role;
    // One of the fetches that edge_cache_fetch_limit allows.
    std::optional<tier::FetchSlot> turn;
    bool has_waited_for_turn = false;
    // It has waited: was that worth it?
    std::optional<bool> collapsed;
    bool is_pass = false; // answers turned out not to be shared

    // A miss that may be stored: until the header says that it may not.
    bool may_fill = false;
    invalidate::Ticket ticket;
    WallTime requested{};
    HiddenHeaders *hidden = nullptr;
    Fill *fill = nullptr; // in the request's pool: few requests have one
    // Stored, or given up; the bytes may still be on their way.
    bool fill_ended = false;
    bool is_stored = false;

    ClientWatch watch;
    // The client has left, nothing is sent any more, and the fill goes on.
    bool is_abandoned = false;
    // There never was one.
    std::optional<Refresh> refresh;
    std::optional<Warm> warm;
    bool is_own() const { return refresh || warm; }
    bool has_client() const { return !is_abandoned && !is_own(); }

    // The cache has no part in it any more, and does not count it. An error
    // page of the refusal is not the origin's, and nothing takes its place.
    void withdraw()
    {
        status = cache::Status::none;
        may_fill = false;
        role.reset();
        hit.reset();
        stale.reset();
        shadow.reset();
        written.reset();
    }

    // Those who wait learn that the answer is stored, or why it is not.
    void end_role(cache::Reason why, std::uint16_t status_code);

    // Nothing of the answer is stored any more.
    void end_fill();

    // The first reason stays: later ones follow from it.
    void refuse(cache::Reason why)
    {
        if (reason == cache::Reason::none) {
            reason = why;
        }
    }
};

// The state of `r`, also after an internal redirect has cleared nginx's table
// of contexts. Null for subrequests, and where this module has no part.
Request *find_request(ngx_http_request_t *r);

// What purges it, as far as the request tells: found out once, where it is
// fetched.
const std::string &selectors_of(Request &request);

// A new state for the location that `r` is in now.
Request &make_request(ngx_http_request_t *r, conf::Location &lcf);

} // namespace edge::flow
