#include "cache/url.h"

#include <algorithm>

#include "base/text.h"
#include "invalidate/purge_target.h"

namespace edge::cache {

namespace {

bool is_target(std::string_view text)
{
    return text.starts_with('/') && !has_control_bytes(text) &&
           text.find_first_of(" #") == text.npos;
}

bool read_port(std::string_view authority, Url &url)
{
    const std::size_t bracket = authority.rfind(']');
    const std::size_t colon =
        authority.find(':', bracket == authority.npos ? 0 : bracket);
    if (colon == authority.npos) {
        return true;
    }
    const auto port = parse_decimal(authority.substr(colon + 1), 65536);
    if (!port || *port == 0 || *port > 65535) {
        return false;
    }
    url.port = static_cast<std::uint16_t>(*port);
    return true;
}

} // namespace

std::optional<Url> parse_url(std::string_view text)
{
    const std::size_t end = text.find("://");
    const std::string_view scheme = text.substr(0, end);
    Url url;
    url.tls = equals_ignore_case(scheme, "https");
    if (end == text.npos || (!url.tls && !equals_ignore_case(scheme, "http"))) {
        return std::nullopt;
    }
    text.remove_prefix(end + 3);
    const std::size_t path = std::min(text.find_first_of("/?#"), text.size());
    url.authority = text.substr(0, path);
    url.target = path == text.size() ? "/" : text.substr(path);
    url.host = invalidate::host_of(url.authority);
    const bool is_whole =
        !url.host.empty() && url.host.find(' ') == std::string::npos &&
        read_port(url.authority, url) && is_target(url.target);
    return is_whole ? std::optional(std::move(url)) : std::nullopt;
}

} // namespace edge::cache
