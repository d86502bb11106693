// Fields that show who asks (RFC 9110 11.6.2 and 11.7.2, RFC 6265).
#pragma once

#include <algorithm>
#include <string_view>

#include "base/text.h"

namespace edge::http {

inline bool is_credential(std::string_view name)
{
    constexpr std::string_view names[] = {"Authorization",
                                          "Proxy-Authorization", "Cookie"};
    return std::ranges::any_of(names, [name](std::string_view credential) {
        return equals_ignore_case(name, credential);
    });
}

} // namespace edge::http
