// Request methods (RFC 9110 9.2.1 and the IANA registry). Names are compared
// as sent: methods are case-sensitive.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace edge::http {

// Any other method may change the resource and invalidates what is stored of
// it (RFC 9111 4.4).
constexpr bool is_safe_method(std::string_view method)
{
    constexpr std::array<std::string_view, 9> safe = {
        "GET",    "HEAD",   "OPTIONS", "TRACE", "PROPFIND",
        "REPORT", "SEARCH", "PRI",     "QUERY"};
    return std::find(safe.begin(), safe.end(), method) != safe.end();
}

} // namespace edge::http
