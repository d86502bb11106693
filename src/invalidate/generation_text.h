// A generation in words.
#pragma once

#include <string>

#include "invalidate/generation.h"

namespace edge::invalidate {

// "1-7": epoch and sequence, for people.
inline std::string text_of(Generation generation)
{
    return std::to_string(generation.epoch()) + "-" +
           std::to_string(generation.sequence());
}

} // namespace edge::invalidate
