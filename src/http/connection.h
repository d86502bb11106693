// Connection (RFC 9110 7.6.1), and what else belongs to one exchange.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "http/field.h"

namespace edge::http {

// The options on all its lines: fields of these names are for one hop. Views
// into the fields.
inline std::vector<std::string_view> connection_options(Fields fields)
{
    std::vector<std::string_view> options;
    for_each_value(fields, "Connection", [&](std::string_view line) {
        Split members(line, ',');
        while (const auto option = members.next()) {
            options.push_back(*option);
        }
    });
    return options;
}

// Of a connection, of a body, or of the part of an answer that a client wants:
// a request that is made anew goes without.
inline bool is_of_one_exchange(std::string_view name)
{
    constexpr std::array<std::string_view, 16> names = {
        "connection",     "keep-alive",          "proxy-connection",
        "te",             "trailer",             "transfer-encoding",
        "upgrade",        "http2-settings",      "content-length",
        "expect",         "range",               "if-range",
        "if-none-match",  "if-modified-since",   "if-unmodified-since",
        "if-match"};
    return std::ranges::any_of(names, [name](std::string_view one) {
        return equals_ignore_case(name, one);
    });
}

} // namespace edge::http
