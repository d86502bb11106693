#include "base/utf8.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace edge {

namespace {

// First bytes of one kind, and what may follow the first of them.
struct Sequence
{
    std::uint8_t first;
    std::uint8_t last;
    std::uint8_t second_from;
    std::uint8_t second_to;
    std::size_t size;
};

constexpr Sequence kSequences[] = {
    {0x00, 0x7f, 0x00, 0x00, 1}, {0xc2, 0xdf, 0x80, 0xbf, 2},
    {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
    {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
    {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4},
    {0xf4, 0xf4, 0x80, 0x8f, 4},
};

bool is_within(char c, std::uint8_t from, std::uint8_t to)
{
    const auto byte = static_cast<std::uint8_t>(c);
    return from <= byte && byte <= to;
}

// Of the character in front; 0: there is none.
std::size_t size_of_first(std::string_view text)
{
    for (const Sequence &sequence : kSequences) {
        if (!is_within(text[0], sequence.first, sequence.last)) {
            continue;
        }
        const std::string_view rest = text.substr(1, sequence.size - 1);
        const bool is_whole =
            rest.size() == sequence.size - 1 &&
            (rest.empty() || is_within(rest[0], sequence.second_from,
                                       sequence.second_to)) &&
            std::ranges::all_of(rest, [](char c) {
                return is_within(c, 0x80, 0xbf);
            });
        return is_whole ? sequence.size : 0;
    }
    return 0;
}

} // namespace

bool is_utf8(std::string_view text)
{
    while (!text.empty()) {
        const std::size_t size = size_of_first(text);
        if (size == 0) {
            return false;
        }
        text.remove_prefix(size);
    }
    return true;
}

} // namespace edge
