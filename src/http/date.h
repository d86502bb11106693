// HTTP-date (RFC 9110 5.6.7).
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "base/time.h"

namespace edge::http {

// IMF-fixdate, RFC 850 and asctime, in any case; every other form, also a zone
// that is not GMT, is no date. `now` settles two-digit years: what would be
// more than 50 years ahead is in the past.
std::optional<WallTime> parse_date(std::string_view text, WallTime now);

// IMF-fixdate; years 0 to 9999.
inline constexpr std::size_t kDateSize = 29;
std::array<char, kDateSize> format_date(WallTime time);

} // namespace edge::http
