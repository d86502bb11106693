// How bytes that should be replies are none.
#pragma once

#include <cstdint>
#include <string_view>

namespace edge::redis {

enum class Violation : std::uint8_t
{
    none,
    protocol,
    too_long,
    too_many_elements,
    too_deep,
    out_of_memory
};

// For the log: "reply too long".
std::string_view describe(Violation violation);

} // namespace edge::redis
