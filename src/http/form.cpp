#include "http/form.h"

#include <algorithm>

#include "base/text.h"

namespace edge::http {

namespace {

std::optional<unsigned> hex_digit(char c)
{
    if (is_digit(c)) {
        return static_cast<unsigned>(c - '0');
    }
    const char letter = lower(c);
    return letter >= 'a' && letter <= 'f'
               ? std::optional(static_cast<unsigned>(letter - 'a' + 10))
               : std::nullopt;
}

std::optional<std::string> decode(std::string_view text)
{
    std::string decoded;
    for (std::size_t i = 0; i < text.size(); i++) {
        if (text[i] != '%') {
            decoded += text[i] == '+' ? ' ' : text[i];
            continue;
        }
        if (text.size() - i < 3) {
            return std::nullopt;
        }
        const auto high = hex_digit(text[i + 1]);
        const auto low = hex_digit(text[i + 2]);
        if (!high || !low) {
            return std::nullopt;
        }
        decoded += static_cast<char>(*high << 4 | *low);
        i += 2;
    }
    return decoded;
}

} // namespace

std::optional<std::vector<FormField>> parse_form(std::string_view text)
{
    std::vector<FormField> fields;
    Split pairs(text, '&');
    while (const auto pair = pairs.next()) {
        if (pair->empty()) {
            continue;
        }
        const std::size_t equals = std::min(pair->find('='), pair->size());
        auto name = decode(pair->substr(0, equals));
        auto value = decode(
            pair->substr(std::min(equals + 1, pair->size())));
        if (!name || !value) {
            return std::nullopt;
        }
        fields.push_back({std::move(*name), std::move(*value)});
    }
    return fields;
}

} // namespace edge::http
