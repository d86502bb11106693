// ngx_str_t and std::string_view, both ways.
#pragma once

#include <string_view>

#include "ngx/nginx.h"

namespace edge::ngx {

inline std::string_view view(const ngx_str_t &text)
{
    return {reinterpret_cast<const char *>(text.data), text.len};
}

inline std::string_view view(const ngx_variable_value_t &value)
{
    return {reinterpret_cast<const char *>(value.data), value.len};
}

// nginx never writes through these; its types just do not say so.
inline u_char *bytes(std::string_view text)
{
    return reinterpret_cast<u_char *>(const_cast<char *>(text.data()));
}

inline ngx_str_t str(std::string_view text)
{
    return {text.size(), bytes(text)};
}

} // namespace edge::ngx
