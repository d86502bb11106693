// Request fields whose different texts mean the same (RFC 9110 12.5): a text
// that all of them share, so that their requests get one stored variant.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace edge::http {

enum class Normaliser : std::uint8_t
{
    none,
    // A list: spaces around commas, and empty members, mean nothing.
    list,
    // Accept-Encoding: which codings are acceptable; not in which order, and
    // not which is liked more.
    encoding,
    // Accept-Language: which languages are liked how much; neither their case
    // nor, where the weights are the same, their order.
    language
};

// Which of `offered` (lower case) an Accept-Language likes best; several where
// it likes them the same, none where it names none of them. A language answers
// a range that it begins with or that begins with it (RFC 4647 3.3.1, 3.4).
std::optional<std::string>
best_languages(std::string_view value,
               std::span<const std::string_view> offered);

// Whether an Accept-Encoding has `coding` (lower case) by name, or by "*",
// among the acceptable (RFC 9110 12.5.3). False where it cannot be read.
bool accepts_coding(std::string_view value, std::string_view coding);

// Two values that become one text mean the same. nullopt for `none`, and where
// `value` cannot be read with certainty.
std::optional<std::string> normalise(Normaliser normaliser,
                                     std::string_view value);

} // namespace edge::http
