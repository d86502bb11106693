// What ignores case, in the form that is compared.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "base/text.h"

namespace edge::http {

inline std::string lower_case(std::string_view text)
{
    std::string copy(text);
    std::ranges::transform(copy, copy.begin(), lower);
    return copy;
}

} // namespace edge::http
