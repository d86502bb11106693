// What the decisions about a response need to know of it.
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.h"
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

} // namespace edge::cache
