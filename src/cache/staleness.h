// Stored responses that are not fresh any more: how long they are kept, and
// when one may be sent all the same (RFC 9111 4.2.4, RFC 5861).
#pragma once

#include "base/time.h"
#include "cache/admission.h"
#include "cache/entry.h"
#include "cache/policy.h"

namespace edge::cache {

// A limit forbids to ask the origin: whatever allows a stale answer while
// another asks it, or because it has none, or none but a 429.
inline constexpr StaleCause kStaleNotAsked{kStaleUpdating | kStaleError |
                                           kStale429};

// stale-while-revalidate allows `updating`, stale-if-error a 500, 502, 503, 504
// and an origin that does not answer; edge_cache_use_stale what it names.
// must-revalidate, proxy-revalidate, no-cache and s-maxage (RFC 9111 5.2.2.10)
// forbid all of it, s-maxage unless the location relaxes it.
bool may_be_stale(const Entry &entry, StaleCause cause, const Policy &policy,
                  WallTime now);

// The client takes it as it is (max-stale, RFC 9111 5.2.1.2), under
// edge_cache_client_control; what forbids a stale answer forbids it here, too.
bool is_stale_welcome(const Entry &entry, const RequestControl &control,
                      const Policy &policy, WallTime now);

// The client takes it should the origin fail (RFC 5861 4), under the same.
bool is_stale_accepted(const Entry &entry, StaleCause cause,
                       const RequestControl &control, const Policy &policy,
                       WallTime now);

// For how long after its lifetime there is a cause for which it may be sent.
Millis longest_staleness(const Entry &entry, const Policy &policy);

// For how long after its lifetime it is of any use: the origin can be asked
// about it, or it may be sent stale.
Millis keep_time(const Entry &entry, const Policy &policy);

} // namespace edge::cache
