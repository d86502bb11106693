#include "redis/endpoint.h"

#include <algorithm>

#include "base/text.h"

namespace edge::redis {
namespace {

constexpr std::size_t kMaxHost = 255;
constexpr std::uint64_t kMaxPort = 65535;

bool is_host_character(char c)
{
    return (lower(c) >= 'a' && lower(c) <= 'z') || is_digit(c) || c == '-' ||
           c == '_' || c == '.' || c == ':';
}

} // namespace

std::optional<Endpoint> make_endpoint(std::string_view host,
                                      std::string_view port)
{
    const auto number = parse_decimal(port, kMaxPort + 1);
    if (host.empty() || host.size() > kMaxHost ||
        !std::all_of(host.begin(), host.end(), is_host_character) || !number ||
        *number == 0 || *number > kMaxPort) {
        return std::nullopt;
    }
    return Endpoint{std::string(host), static_cast<std::uint16_t>(*number)};
}

std::string text_of(const Endpoint &endpoint)
{
    const bool is_ipv6 = endpoint.host.find(':') != std::string::npos;
    return (is_ipv6 ? "[" + endpoint.host + "]" : endpoint.host) + ":" +
           std::to_string(endpoint.port);
}

} // namespace edge::redis
