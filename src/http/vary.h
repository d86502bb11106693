// Vary (RFC 9110 12.5.5): which request fields select a stored response.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "http/field.h"

namespace edge::http {

struct Vary
{
    // `any`: a member is "*", and no later request ever matches.
    enum class Kind : std::uint8_t
    {
        names,
        any,
        invalid,
        too_many
    };

    static constexpr std::size_t max_names = 16;
    static constexpr std::size_t max_bytes = 1024;

    Kind kind = Kind::names;
    // Lower case, sorted, each once; empty without the field.
    std::vector<std::string> names;
};

// All lines are one list. `invalid`: a member that is no field name.
Vary parse_vary(Fields response);

} // namespace edge::http
