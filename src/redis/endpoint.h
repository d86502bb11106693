// Where a server listens, as configured or as another server names it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace edge::redis {

struct Endpoint
{
    std::string host; // a name, an IPv4 or an IPv6 address
    std::uint16_t port = 0;

    friend bool operator==(const Endpoint &, const Endpoint &) = default;
};

// Of the two parts. The host has letters, digits and - _ . : only.
std::optional<Endpoint> make_endpoint(std::string_view host,
                                      std::string_view port);

// "10.0.0.5:6379", "[::1]:6379".
std::string text_of(const Endpoint &endpoint);

} // namespace edge::redis
