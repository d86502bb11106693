// What a status code alone says about storing.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

namespace edge::http {

// May be stored without explicit freshness (RFC 9110 15.1, RFC 7725 3).
constexpr bool is_heuristically_cacheable(std::uint16_t status)
{
    constexpr std::array<std::uint16_t, 13> statuses = {
        200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 451, 501};
    return std::find(statuses.begin(), statuses.end(), status) !=
           statuses.end();
}

// Never the answer to another request, whatever else the response says:
// interim answers, parts and validations (RFC 9111 3.3, 4.3), 412 and 416, 425
// (RFC 8470 5.2), 428, 429, 431 and 511 (RFC 6585).
constexpr bool is_never_stored(std::uint16_t status)
{
    constexpr std::array<std::uint16_t, 9> statuses = {206, 304, 412, 416, 425,
                                                       428, 429, 431, 511};
    return status < 200 || status > 599 ||
           std::find(statuses.begin(), statuses.end(), status) !=
               statuses.end();
}

// What must-understand asks for (RFC 9111 5.2.2.3): codes whose caching rules
// are followed here.
constexpr bool is_understood(std::uint16_t status)
{
    return is_heuristically_cacheable(status) && !is_never_stored(status);
}

} // namespace edge::http
