#include "cache/accel_expires.h"

#include <algorithm>

#include "base/text.h"

namespace edge::cache {

namespace {

// About 34 000 years: more than any clock shows, and safe in milliseconds.
constexpr std::uint64_t kMaxSeconds = std::uint64_t{1} << 40;

AccelExpires parse(std::string_view text, WallTime received)
{
    const bool absolute = text.starts_with('@');
    const auto number =
        parse_decimal(text.substr(absolute ? 1 : 0), kMaxSeconds);
    if (!number) {
        return {};
    }

    const Seconds seconds(static_cast<std::int64_t>(*number));
    if (absolute) {
        return {false, std::max<Millis>(
                           Millis(0), seconds - received.time_since_epoch())};
    }
    if (seconds == Seconds(0)) {
        return {true, std::nullopt};
    }
    return {false, seconds};
}

} // namespace

AccelExpires parse_accel_expires(http::Fields response, WallTime received)
{
    for (const http::Field &field : response) {
        if (http::is_field(field, "X-Accel-Expires")) {
            return parse(trim_ows(field.value), received);
        }
    }
    return {};
}

} // namespace edge::cache
