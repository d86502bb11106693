// Cache-Status (RFC 9211): what one cache did for a response.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace edge::http {

struct CacheStatus
{
    // A Token (RFC 9651), as are `forward` and `detail`.
    std::string_view cache;
    // Why the request went forward (2.2); empty: a hit.
    std::string_view forward;
    // Of the answer to that, where another one was sent (2.3); 0: the same.
    std::uint16_t forward_status = 0;
    std::optional<Seconds> ttl;
    // Only where it went forward.
    bool stored = false;
    // Another request went for it (2.6); false: that was of no use.
    std::optional<bool> collapsed;
    // Left out unless it is all printable ASCII.
    std::string_view key;
    std::string_view detail;
};

// The member for the end of the list.
std::string serialize(const CacheStatus &status);

} // namespace edge::http
