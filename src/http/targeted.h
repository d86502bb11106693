// Targeted cache control (RFC 9213): fields for one kind of cache that stand
// in for Cache-Control and Expires.
#pragma once

#include <optional>
#include <string_view>

#include "http/cache_control.h"
#include "http/field.h"

namespace edge::http {

// This module's own field; no cache behind it has a use for it.
inline constexpr std::string_view kOwnTarget = "Edge-Cache-Control";
// Of every cache that works for the origin.
inline constexpr std::string_view kCdnTarget = "CDN-Cache-Control";

// The policy in the field `name`. nullopt where the next source decides: there
// is no such field, it is empty, no Dictionary, or a directive in it has a
// value of another type than its own (RFC 9213 2.1). Keys nobody knows are
// ignored, whatever their values; no-cache and private with field names stand
// for the whole response (RFC 9111 5.2.2.4 and .7 allow it).
std::optional<CacheControl> parse_targeted(Fields response,
                                           std::string_view name);

} // namespace edge::http
