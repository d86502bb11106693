// How long a response is fresh, and how old it is (RFC 9111 4.2).
#pragma once

#include <optional>

#include "base/time.h"
#include "http/cache_control.h"
#include "http/field.h"

namespace edge::http {

// Age in a response: the first member of the first line, saturated; one that
// is no number is ignored (RFC 9111 5.1).
std::optional<Seconds> parse_age(Fields response);

// Date, if there is a valid one.
std::optional<WallTime> parse_date_field(Fields response, WallTime now);

// Expires - Date (`received` where there is no valid Date), at least 0. A
// value that is no date, or several lines, is in the past (RFC 9111 5.3);
// nullopt only without the field.
std::optional<Millis> expires_lifetime(Fields response, WallTime received);

// What the origin says, for a shared cache: s-maxage, max-age (RFC 9111
// 4.2.1).
std::optional<Seconds> directive_lifetime(const CacheControl &control);

// Date - Last-Modified (`received` where there is no valid Date): what
// heuristics take a part of (RFC 9111 4.2.2). nullopt without a Last-Modified
// in the past.
std::optional<Millis> unmodified_time(Fields response, WallTime received);

// The age at the moment of reception: corrected_initial_age (RFC 9111 4.2.3).
Millis initial_age(WallTime request, WallTime response,
                   std::optional<WallTime> date, Seconds age);

} // namespace edge::http
