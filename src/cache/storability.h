// May this response be stored, for how long, and for whom (RFC 9111 3)?
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "cache/admission.h"
#include "cache/entry.h"
#include "cache/policy.h"
#include "cache/reason.h"
#include "cache/response_facts.h"
#include "http/cache_control.h"

namespace edge::cache {

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
    // Those that the location does not store: Policy's.
    std::span<const std::string_view> dropped;
    // The selecting fields, lower case, sorted: Vary's, and Origin where
    // Access-Control-Allow-Origin repeats it.
    std::vector<std::string> vary;
};

// When the origin says that it made the answer; nullopt also where its clock is
// not to be believed.
std::optional<WallTime> date_of(const ResponseFacts &response,
                                const Policy &policy);

// X-Accel-Expires stands above no-store, no-cache and private as in nginx, but
// not for a request with credentials: it says for how long, not for whom. What
// has expired already is stored where the origin can be asked about it, or
// where it may be sent stale.
std::variant<Storable, Reason> judge(const RequestFacts &request,
                                     const ResponseFacts &response,
                                     const Policy &policy);

} // namespace edge::cache
