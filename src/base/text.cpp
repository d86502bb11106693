#include "base/text.h"

#include <algorithm>
#include <cstring>

namespace edge {

namespace {

// In each of eight bytes.
constexpr std::uint64_t kOnes = 0x0101010101010101;

// Whether any of eight bytes is below `limit`, which is at most 128.
constexpr bool has_byte_below(std::uint64_t bytes, std::uint64_t limit)
{
    return ((bytes - kOnes * limit) & ~bytes & kOnes * 0x80) != 0;
}

bool has_control_byte(const char *eight)
{
    std::uint64_t bytes = 0;
    std::memcpy(&bytes, eight, sizeof(bytes));
    return has_byte_below(bytes, 0x20) ||
           has_byte_below(bytes ^ kOnes * 0x7f, 1);
}

} // namespace

std::string_view trim_ows(std::string_view text)
{
    while (!text.empty() && is_ows(text.front())) {
        text.remove_prefix(1);
    }
    while (!text.empty() && is_ows(text.back())) {
        text.remove_suffix(1);
    }
    return text;
}

std::optional<std::uint64_t> parse_decimal(std::string_view text,
                                           std::uint64_t max)
{
    if (text.empty()) {
        return std::nullopt;
    }

    std::uint64_t value = 0;
    for (const char c : text) {
        if (!is_digit(c)) {
            return std::nullopt;
        }
        const auto digit = static_cast<std::uint64_t>(c - '0');
        value = value > (max - digit) / 10 || digit > max
                    ? max
                    : value * 10 + digit;
    }
    return value;
}

std::optional<std::string_view> Split::next()
{
    if (done_) {
        return std::nullopt;
    }

    const std::size_t end = rest_.find(separator_);
    const std::string_view piece = trim_ows(rest_.substr(0, end));
    if (end == std::string_view::npos) {
        done_ = true;
    } else {
        rest_.remove_prefix(end + 1);
    }
    return piece;
}

bool has_control_bytes(std::string_view text)
{
    constexpr std::size_t step = sizeof(std::uint64_t);
    if (text.size() < step) {
        return std::any_of(text.begin(), text.end(), [](char c) {
            const auto byte = static_cast<unsigned char>(c);
            return byte < 0x20 || byte == 0x7f;
        });
    }
    const char *last = text.data() + text.size() - step;
    for (const char *at = text.data(); at < last; at += step) {
        if (has_control_byte(at)) {
            return true;
        }
    }
    return has_control_byte(last);
}

} // namespace edge
