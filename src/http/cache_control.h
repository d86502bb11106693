// Cache-Control of a request or a response (RFC 9111 5.2, RFC 5861, RFC 8246).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/time.h"
#include "http/field.h"

namespace edge::http {

// delta-seconds saturate here (RFC 9111 1.2.2).
inline constexpr Seconds kMaxDeltaSeconds{std::int64_t{1} << 31};

// Field names in the argument of no-cache or private; views into the field.
class FieldNames
{
public:
    static constexpr std::size_t capacity = 16;

    // False when there is no room left.
    bool add(std::string_view name);
    bool contains(std::string_view name) const;
    std::span<const std::string_view> names() const
    {
        return {names_.data(), size_};
    }

private:
    std::array<std::string_view, capacity> names_{};
    std::size_t size_ = 0;
};

// Of duplicates the first counts. An argument that is no delta-seconds reads
// as 0 wherever it stands: already stale (RFC 9111 4.2.1).
struct CacheControl
{
    std::optional<Seconds> max_age;
    std::optional<Seconds> s_maxage;
    std::optional<Seconds> stale_while_revalidate;
    std::optional<Seconds> stale_if_error;
    std::optional<Seconds> min_fresh;
    // Without an argument: kMaxDeltaSeconds.
    std::optional<Seconds> max_stale;

    bool no_store = false;
    bool no_transform = false;
    bool only_if_cached = false;
    bool is_public = false;
    bool must_revalidate = false;
    bool proxy_revalidate = false;
    bool must_understand = false;
    bool immutable = false;

    // For the whole message. With field names it is false, and they are in
    // `withheld`; names that cannot be read make it true.
    bool no_cache = false;
    bool is_private = false;

    // Fields that may be passed on but not be reused from a store.
    FieldNames withheld;
};

// All lines of the field are one list; unknown directives are ignored.
CacheControl parse_cache_control(Fields fields);

} // namespace edge::http
