#include "cache/key.h"

#include <array>
#include <cstring>

namespace edge::cache {

namespace {

// Rises with every change of the entry format or of what a key means: two
// releases on one Redis then never read each other's entries.
constexpr std::string_view kFormat = "1";

using Length = std::uint32_t;

std::array<std::string_view, 11> strings(const KeyParts &parts)
{
    return {parts.zone,       parts.tenant, parts.method,    parts.scheme,
            parts.authority,  parts.port,   parts.target,    parts.requested,
            parts.redirect,   parts.credential, parts.cookies};
}

char *append(char *out, const void *bytes, std::size_t size)
{
    if (size != 0) {
        std::memcpy(out, bytes, size);
    }
    return out + size;
}

} // namespace

std::size_t key_size(const KeyParts &parts)
{
    std::size_t size = sizeof(parts.fingerprint) + 1;
    for (const std::string_view part : strings(parts)) {
        size += sizeof(Length) + part.size();
    }
    return size;
}

void write_key(const KeyParts &parts, char *out)
{
    *out++ = parts.custom_target ? 'k' : 'u';
    out = append(out, &parts.fingerprint, sizeof(parts.fingerprint));
    for (const std::string_view part : strings(parts)) {
        const auto length = static_cast<Length>(part.size());
        out = append(out, &length, sizeof(length));
        out = append(out, part.data(), part.size());
    }
}

std::string redis_key_start(std::string_view prefix, std::string_view zone)
{
    std::string start(prefix);
    start.append(":").append(kFormat).append(":");
    return start.append(zone).append(":{");
}

std::string redis_key(std::string_view start, const Hash128 &resource,
                      const Hash128 *variant)
{
    const auto digest = to_hex(resource);
    std::string key;
    key.reserve(start.size() + 2 * digest.size() + 2);
    key.append(start).append(digest.data(), digest.size()).push_back('}');
    if (variant != nullptr) {
        const auto suffix = to_hex(*variant);
        key.append(":").append(suffix.data(), suffix.size());
    }
    return key;
}

} // namespace edge::cache
