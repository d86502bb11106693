#include "invalidate/written.h"

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "invalidate/purge_target.h"

namespace edge::invalidate {

namespace {

// Behind the scheme and "://", or "//"; nullopt: no authority is named.
std::optional<std::string_view> after_slashes(std::string_view reference)
{
    for (const std::string_view start : {"http://", "https://", "//"}) {
        if (equals_ignore_case(reference.substr(0, start.size()), start)) {
            return reference.substr(start.size());
        }
    }
    return std::nullopt;
}

bool has_scheme(std::string_view reference)
{
    const std::size_t end = reference.find_first_of(":/?#");
    return end != reference.npos && reference[end] == ':';
}

bool has_dot_segment(std::string_view path)
{
    return path.find("/./") != path.npos || path.find("/../") != path.npos ||
           path.ends_with("/.") || path.ends_with("/..");
}

std::string on_authority(std::string_view rest, std::string_view authority)
{
    const std::size_t end = std::min(rest.find_first_of("/?"), rest.size());
    if (host_of(rest.substr(0, end)) != authority) {
        return {};
    }
    std::string target(rest.substr(end));
    return target.starts_with('/') ? target : "/" + target;
}

void add(std::vector<Selector> &selectors, Selector selector)
{
    if (std::ranges::find(selectors, selector) == selectors.end()) {
        selectors.push_back(selector);
    }
}

} // namespace

std::string resolve_target(std::string_view reference,
                           std::string_view authority,
                           std::string_view target)
{
    reference = reference.substr(0, reference.find('#'));
    std::string resolved;
    if (reference.empty() || has_control_bytes(reference)) {
        return {};
    }
    if (const auto rest = after_slashes(reference)) {
        resolved = on_authority(*rest, authority);
    } else if (has_scheme(reference)) {
        return {};
    } else if (reference.starts_with('/')) {
        resolved = reference;
    } else {
        const std::string_view path = target.substr(0, target.find('?'));
        resolved = reference.starts_with('?')
                       ? path
                       : path.substr(0, path.rfind('/') + 1);
        resolved += reference;
    }
    const std::string_view path =
        std::string_view(resolved).substr(0, resolved.find('?'));
    return has_dot_segment(path) ? std::string() : resolved;
}

std::vector<Selector> selectors_of(const Written &written)
{
    const EntryNames &names = written.names;
    const auto url = [&names](std::string_view target) {
        return select_url(names.scheme, names.authority, target);
    };
    std::vector<Selector> selectors = {url(names.target)};
    if (!names.requested.empty()) {
        add(selectors, url(names.requested));
    }
    if (!names.custom_key.empty()) {
        add(selectors, select_key(names.custom_key));
    }
    const std::string_view base =
        names.requested.empty() ? names.target : names.requested;
    for (const std::string_view location : written.locations) {
        const std::string target =
            resolve_target(location, names.authority, base);
        if (!target.empty()) {
            add(selectors, url(target));
        }
    }
    for (const std::string &group : written.groups) {
        selectors.push_back(
            select_group(names.scheme, names.authority, group));
    }
    return selectors;
}

} // namespace edge::invalidate
