#include "http/cache_status.h"

#include <algorithm>

namespace edge::http {

namespace {

// A String; nothing where it can hold no such bytes (RFC 9651 4.1.6).
std::optional<std::string> quoted(std::string_view text)
{
    const bool printable = std::all_of(text.begin(), text.end(), [](char c) {
        return c >= 0x20 && c <= 0x7e;
    });
    if (!printable) {
        return std::nullopt;
    }
    std::string string = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            string.push_back('\\');
        }
        string.push_back(c);
    }
    return string + '"';
}

} // namespace

std::string serialize(const CacheStatus &status)
{
    std::string member(status.cache);
    if (status.forward.empty()) {
        member.append("; hit");
    } else {
        member.append("; fwd=").append(status.forward);
        if (status.forward_status != 0) {
            member.append("; fwd-status=")
                .append(std::to_string(status.forward_status));
        }
        member.append(status.stored ? "; stored" : "");
        if (status.collapsed) {
            member.append(*status.collapsed ? "; collapsed" : "; collapsed=?0");
        }
    }
    if (status.ttl) {
        member.append("; ttl=").append(std::to_string(status.ttl->count()));
    }
    if (!status.key.empty()) {
        if (const auto key = quoted(status.key)) {
            member.append("; key=").append(*key);
        }
    }
    if (!status.detail.empty()) {
        member.append("; detail=").append(status.detail);
    }
    return member;
}

} // namespace edge::http
