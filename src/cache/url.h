// A URL as clients of this nginx write it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace edge::cache {

struct Url
{
    bool tls = false;
    std::string authority; // as written
    std::string host;      // lower case, without port and trailing dot
    std::optional<std::uint16_t> port;
    std::string target; // path and query
};

// "https://host/path?query", percent-encoded. nullopt: it is not whole, or has
// a user, a fragment, a space or control bytes.
std::optional<Url> parse_url(std::string_view text);

} // namespace edge::cache
