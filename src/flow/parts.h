// Texts put together so that no other parts give the same.
#pragma once

#include <string>
#include <string_view>

namespace edge::flow {

// Each part behind its length.
inline void add_part(std::string &text, std::string_view part)
{
    text.append(std::to_string(part.size())).append(":").append(part);
}

} // namespace edge::flow
