// Connection (RFC 9110 7.6.1).
#pragma once

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

} // namespace edge::http
