// A reply, RESP2. All of it (texts, elements) lies in the memory resource of
// the operation it answers and lives as long as that; nothing is freed alone.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>

namespace edge::redis {

enum class ReplyType : std::uint8_t
{
    status,  // text
    error,   // text: code in capitals, space, sentence
    integer, // integer
    nil,     // nothing is there
    bulk,    // text: any bytes
    array    // elements
};

struct Reply
{
    ReplyType type = ReplyType::nil;
    std::string_view text;
    std::int64_t integer = 0;
    std::span<Reply> elements;
};

static_assert(std::is_trivially_destructible_v<Reply>);

} // namespace edge::redis
