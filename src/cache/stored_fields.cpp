#include "cache/stored_fields.h"

#include <algorithm>

#include "base/text.h"
#include "http/connection.h"
#include "http/targeted.h"

namespace edge::cache {

namespace {

constexpr std::string_view kDropped[] = {
    // One connection's (RFC 9110 7.6.1).
    "Connection",
    "Keep-Alive",
    "Proxy-Connection",
    "TE",
    "Trailer",
    "Transfer-Encoding",
    "Upgrade",
    // Between the origin and one proxy (RFC 9111 3.1).
    "Proxy-Authenticate",
    "Proxy-Authentication-Info",
    "Proxy-Authorization",
    // Written anew.
    "Accept-Ranges",
    "Age",
    "Content-Length",
    "Date",
    // One client's quota.
    "RateLimit",
    // This cache's own.
    http::kOwnTarget,
};

constexpr std::string_view kDroppedPrefixes[] = {"X-Accel-", "RateLimit-",
                                                 "X-RateLimit-"};

bool contains(const auto &names, std::string_view name)
{
    return std::any_of(
        std::begin(names), std::end(names),
        [name](std::string_view own) { return equals_ignore_case(own, name); });
}

bool has_dropped_prefix(std::string_view name)
{
    return std::any_of(std::begin(kDroppedPrefixes), std::end(kDroppedPrefixes),
                       [name](std::string_view prefix) {
                           return equals_ignore_case(
                               name.substr(0, prefix.size()), prefix);
                       });
}

} // namespace

StoredFields::StoredFields(http::Fields response, const Storable &storable)
    : nominated_(http::connection_options(response)),
      withheld_(storable.withheld), dropped_(storable.dropped),
      strip_set_cookie_(storable.strip_set_cookie)
{
}

bool StoredFields::keeps(std::string_view name) const
{
    if (strip_set_cookie_ && equals_ignore_case(name, "Set-Cookie")) {
        return false;
    }
    return !contains(kDropped, name) && !has_dropped_prefix(name) &&
           !contains(nominated_, name) && !contains(dropped_, name) &&
           !withheld_.contains(name);
}

} // namespace edge::cache
