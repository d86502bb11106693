#include "limit/key.h"

#include "base/text.h"

namespace edge::limit {

namespace {

constexpr std::string_view kFormat = "l1";
constexpr std::size_t kLongest = 64;

bool is_unreserved(char c)
{
    return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

void append_encoded(std::string &out, std::string_view text)
{
    static constexpr char digits[] = "0123456789ABCDEF";
    for (const char c : text) {
        if (is_unreserved(c)) {
            out += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        out += '%';
        out += digits[byte >> 4];
        out += digits[byte & 0xf];
    }
}

void append_part(std::string &out, std::string_view text,
                 const HashSecret &secret)
{
    if (text.size() <= kLongest) {
        append_encoded(out, text);
        return;
    }
    const auto hex = to_hex(hash128(text, secret));
    out += '#';
    out.append(hex.data(), hex.size());
}

} // namespace

std::string redis_key(std::string_view prefix, const Key &key,
                      const HashSecret &secret)
{
    std::string out(prefix);
    out += ':';
    out += kFormat;
    out += ":{";
    append_part(out, key.tag.empty() ? key.value : key.tag, secret);
    out += "}:";
    append_part(out, key.zone, secret);
    out += ':';
    append_part(out, key.value, secret);
    return out;
}

std::string text_in_zone(const Key &key)
{
    std::string text = std::to_string(key.tag.size());
    text.append(":").append(key.tag).append(key.value);
    return text;
}

} // namespace edge::limit
