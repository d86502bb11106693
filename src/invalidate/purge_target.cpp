#include "invalidate/purge_target.h"

#include <algorithm>
#include <string>

#include "base/text.h"
#include "http/lower_case.h"

namespace edge::invalidate {

namespace {

constexpr std::size_t kMaxTag = 1024;
constexpr std::size_t kMaxTenant = 128;
constexpr std::uint64_t kMaxSeconds = 1'000'000;

bool is_target(std::string_view text)
{
    return text.starts_with('/') && !has_control_bytes(text);
}

std::optional<Selector> parse_absolute_url(std::string_view scheme,
                                           std::string_view rest)
{
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    const std::string host = host_of(rest.substr(0, slash));
    const std::string_view target = rest.substr(slash);
    if (host.empty() || !is_target(target)) {
        return std::nullopt;
    }
    return select_url(scheme, host, target);
}

} // namespace

std::string host_of(std::string_view authority)
{
    const std::size_t bracket = authority.rfind(']');
    const std::size_t colon =
        authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
    std::string_view host = authority.substr(0, colon);
    if (host.ends_with('.')) {
        host.remove_suffix(1);
    }
    if (host.find('@') != host.npos || has_control_bytes(host)) {
        return {};
    }
    return http::lower_case(host);
}

std::optional<Selector> parse_tag(std::string_view text)
{
    if (text.empty() || text.size() > kMaxTag || has_control_bytes(text)) {
        return std::nullopt;
    }
    return select_tag(text);
}

std::optional<Selector> parse_url(std::string_view text)
{
    if (is_target(text)) {
        return select_url(text);
    }
    for (const std::string_view scheme : {"http", "https"}) {
        const std::size_t end = scheme.size() + 3;
        if (text.size() > end && text.substr(scheme.size(), 3) == "://" &&
            equals_ignore_case(text.substr(0, scheme.size()), scheme)) {
            return parse_absolute_url(scheme, text.substr(end));
        }
    }
    return std::nullopt;
}

std::optional<Selector> parse_path(std::string_view text)
{
    if (!is_target(text) || text.find('?') != std::string_view::npos) {
        return std::nullopt;
    }
    return select_path(text);
}

std::optional<Selector> parse_prefix(std::string_view text)
{
    const auto depth = std::ranges::count(text, '/');
    if (!is_target(text) || !text.ends_with('/') ||
        text.find('?') != std::string_view::npos ||
        static_cast<std::size_t>(depth) > kMaxPrefixes) {
        return std::nullopt;
    }
    return select_prefix(text);
}

std::optional<Selector> parse_key(std::string_view text)
{
    if (text.empty()) {
        return std::nullopt;
    }
    return select_key(text);
}

bool is_tenant(std::string_view text)
{
    return !text.empty() && text.size() <= kMaxTenant &&
           !has_control_bytes(text);
}

std::optional<Millis> parse_wait(std::string_view text)
{
    if (text.ends_with("ms")) {
        const auto millis =
            parse_decimal(text.substr(0, text.size() - 2), kMaxSeconds * 1000);
        return millis ? std::optional(Millis(*millis)) : std::nullopt;
    }
    if (!text.ends_with('s')) {
        return std::nullopt;
    }
    text.remove_suffix(1);
    const std::size_t dot = text.find('.');
    const auto seconds = parse_decimal(text.substr(0, dot), kMaxSeconds);
    if (!seconds || dot == std::string_view::npos) {
        return seconds ? std::optional<Millis>(Seconds(*seconds))
                       : std::nullopt;
    }
    std::string fraction(text.substr(dot + 1));
    if (fraction.empty() || fraction.size() > 3) {
        return std::nullopt;
    }
    fraction.resize(3, '0');
    const auto millis = parse_decimal(fraction, 999);
    return millis ? std::optional<Millis>(Seconds(*seconds) + Millis(*millis))
                  : std::nullopt;
}

} // namespace edge::invalidate
