// SHA-256, for what must not be found again from its digest: credentials and
// cookies in a key.
#pragma once

#include <array>
#include <string_view>

namespace edge {

using Digest = std::array<char, 32>;

Digest sha256(std::string_view data);

inline std::string_view view(const Digest &digest)
{
    return {digest.data(), digest.size()};
}

} // namespace edge
