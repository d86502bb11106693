// The character classes of RFC 9110 5.6 and 5.5.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

#include "base/text.h"

namespace edge::http {

inline constexpr auto kTchar = [] {
    std::array<bool, 256> is{};
    for (const char other : std::string_view("!#$%&'*+-.^_`|~")) {
        is[static_cast<unsigned char>(other)] = true;
    }
    for (unsigned i = 0; i < 26; i++) {
        is['a' + i] = is['A' + i] = true;
    }
    for (unsigned i = 0; i < 10; i++) {
        is['0' + i] = true;
    }
    return is;
}();

// tchar (RFC 9110 5.6.2).
constexpr bool is_tchar(char c)
{
    return kTchar[static_cast<unsigned char>(c)];
}

inline bool is_token(std::string_view text)
{
    return !text.empty() && std::all_of(text.begin(), text.end(), is_tchar);
}

// Field content may hold tabs and bytes above 127, and no other control byte
// (RFC 9110 5.5).
inline bool is_field_value(std::string_view text)
{
    return !has_control_bytes(text) ||
           std::none_of(text.begin(), text.end(), [](char c) {
               return c != '\t' && has_control_bytes({&c, 1});
           });
}

// A field that can be sent on without ending its own line.
inline bool is_valid_field(std::string_view name, std::string_view value)
{
    return is_token(name) && is_field_value(value);
}

} // namespace edge::http
