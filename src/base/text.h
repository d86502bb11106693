// Text as HTTP sees it: bytes, ASCII case, lists. No locale, no allocation.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace edge {

constexpr char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

constexpr bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

// Optional white space of HTTP: space and tab (RFC 9110 5.6.3).
constexpr bool is_ows(char c)
{
    return c == ' ' || c == '\t';
}

// Here, because most differ in length or in the first byte.
constexpr bool equals_ignore_case(std::string_view a, std::string_view b)
{
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trim_ows(std::string_view text);

// All of `text` as a decimal number. Values above `max` become `max`; anything
// but digits, or nothing at all, is no number.
std::optional<std::uint64_t> parse_decimal(std::string_view text,
                                           std::uint64_t max);

// Cuts the next piece up to `separator` off the front of `rest`, trimmed.
// Pieces may be empty; nullopt once `rest` has been used up.
class Split
{
public:
    Split(std::string_view text, char separator)
        : rest_(text), separator_(separator)
    {
    }
    std::optional<std::string_view> next();

private:
    std::string_view rest_;
    char separator_;
    bool done_ = false;
};

// True for control bytes (0-31 and 127) anywhere in `text`.
bool has_control_bytes(std::string_view text);

} // namespace edge
