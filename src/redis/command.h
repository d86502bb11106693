// Commands as bytes. Only arrays of length-prefixed strings leave: no byte of
// an argument can be taken for anything but that argument.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace edge::redis {

// A command is its words, for example {"GET", key}.
using CommandParts = std::span<const std::string_view>;

void append_command(std::string &out, CommandParts parts);
void append_command(std::string &out,
                    std::initializer_list<std::string_view> parts);

// The same in pieces, for commands whose words are in several places: a head
// with their number, then exactly so many bulks.
void append_array_head(std::string &out, std::size_t parts);
void append_bulk(std::string &out, std::string_view bytes);

// Decimal digits of a number, for arguments: a value that is its own buffer.
class Decimal
{
public:
    explicit Decimal(long long value);
    operator std::string_view() const { return {digits_, size_}; }

private:
    char digits_[20];
    std::size_t size_;
};

} // namespace edge::redis
