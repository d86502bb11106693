// May a request be answered from the cache at all, and may this stored entry
// answer it?
#pragma once

#include <optional>
#include <string_view>

#include "cache/entry.h"
#include "cache/policy.h"
#include "cache/reason.h"
#include "http/field.h"

namespace edge::cache {

// What the client's Cache-Control asks for (RFC 9111 5.2.1), or Pragma in its
// place (5.4).
struct RequestControl
{
    bool no_store = false;
    bool no_cache = false;
    bool only_if_cached = false;
    std::optional<Seconds> max_age;
    std::optional<Seconds> min_fresh;
    std::optional<Seconds> max_stale;
    std::optional<Seconds> stale_if_error;

    // Asks for anything that edge_cache_client_control decides about.
    bool has_wishes() const
    {
        return no_store || no_cache || max_age || min_fresh || max_stale ||
               stale_if_error;
    }
};

// What these decisions need to know of a request.
struct RequestFacts
{
    std::string_view method;
    // A Content-Length above 0, or Transfer-Encoding.
    bool has_body = false;
    bool has_upgrade = false;
    bool has_authorization = false;
    bool has_cookie = false;
    // X-HTTP-Method-Override, X-Original-URL and their like: the origin may
    // see another method or URL than the key.
    bool has_override = false;
    // Of the Origin field; empty without it.
    std::string_view origin{};
    // If-Match, If-Unmodified-Since: the origin's to decide.
    bool has_precondition = false;
    RequestControl control{};
};

RequestFacts request_facts(std::string_view method, bool has_body,
                           http::Fields request);

// edge_cache_body_key: the body is a part of the key, so the method is taken
// for a safe one (QUERY is, RFC 10008; of POST the operator says so).
bool is_keyed_by_body(std::string_view method, const Policy &policy);

// The origin may refuse a request like this for its header alone: it is large,
// or has bytes that no header should.
bool is_unusual(http::Fields request);

// Reason::none: look it up. A request with Authorization passes under
// edge_cache_authorization refuse too: what the origin made shared may answer
// it, and its answer may be stored (RFC 9111 3.5); may_answer() and storable()
// decide. The same holds for Cookie under edge_cache_cookies explicit.
Reason admit(const RequestFacts &request, const Policy &policy);

// Reason::none: a stored response of this age, fresh for `remaining`, is what
// the client asks for. What it asks for counts under edge_cache_client_control
// only.
Reason may_satisfy(const RequestControl &control, const Policy &policy,
                   Millis age, Millis remaining);

// What the origin allows of a response; the members are Entry's.
struct Sharing
{
    bool explicitly_shared = false;
    bool authorization_allowed = false;
};

// Reason::none: a response like this may answer `request`, or be stored from
// its answer.
Reason may_share(const RequestFacts &request, const Policy &policy,
                 Sharing sharing);

inline Reason may_answer(const RequestFacts &request, const Policy &policy,
                         const Entry &entry)
{
    return may_share(request, policy,
                     {entry.explicitly_shared, entry.authorization_allowed});
}

} // namespace edge::cache
