// UTF-8 (RFC 3629).
#pragma once

#include <string_view>

namespace edge {

// Neither overlong forms, nor surrogates, nor what is above U+10FFFF.
bool is_utf8(std::string_view text);

} // namespace edge
