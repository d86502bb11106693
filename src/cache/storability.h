// May this response be stored, for how long, and for whom (RFC 9111 3)?
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "cache/admission.h"
#include "cache/entry.h"
#include "cache/policy.h"
#include "cache/reason.h"
#include "http/cache_control.h"
#include "http/field.h"

namespace edge::cache {

struct ResponseFacts
{
    std::uint16_t status = 0;
    // As the origin sent them, with those that no client will see.
    http::Fields fields{};
    // The status is the upstream's, not an error page's.
    bool from_origin = true;
    // Ends with the connection: neither Content-Length nor chunked.
    bool close_delimited = false;
    std::optional<std::uint64_t> content_length{};
    // See is_unusual().
    bool unusual_request = false;
    // When the request went upstream, and when the header came back.
    WallTime requested{};
    WallTime received{};
};

struct Storable
{
    EntryTimes times;
    // As in Entry.
    bool must_revalidate = false;
    bool s_maxage = false;
    bool explicitly_shared = false;
    bool authorization_allowed = false;

    bool strip_set_cookie = true;
    // Fields that must not be reused; views into the response's fields.
    http::FieldNames withheld;
    // The selecting fields, lower case, sorted: Vary's, and Origin where
    // Access-Control-Allow-Origin repeats it.
    std::vector<std::string> vary;
};

// Lifetime: X-Accel-Expires, then Cache-Control, then Expires, then
// edge_cache_valid, then heuristics, each unless ignored. A targeted field
// (RFC 9213) stands in for Cache-Control and Expires. The location's own rules
// never stand above what the origin says; X-Accel-Expires stands above
// no-store, no-cache and private as in nginx, but not for a request with
// credentials: it says for how long, not for whom. Both count from reception;
// the age stays the true one.
std::variant<Storable, Reason> judge(const RequestFacts &request,
                                     const ResponseFacts &response,
                                     const Policy &policy);

} // namespace edge::cache
