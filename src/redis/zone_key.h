// What a zone has one of in Redis; objects and limits have keys of their own
// (cache/key.h, limit/key.h).
#pragma once

#include <string>
#include <string_view>

namespace edge::redis {

// <prefix>:<zone>:<name>. What is in braces decides on the slot.
std::string zone_key(std::string_view prefix, std::string_view zone,
                     std::string_view name);

} // namespace edge::redis
