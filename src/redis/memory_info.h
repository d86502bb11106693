// What a server says about its memory, and whether that suits a cache.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace edge::redis {

enum class EvictionPolicy : std::uint8_t
{
    unknown,
    noeviction,
    allkeys_lru,
    allkeys_lfu,
    allkeys_random,
    volatile_lru,
    volatile_lfu,
    volatile_random,
    volatile_ttl
};

std::string_view policy_name(EvictionPolicy policy);

struct MemoryInfo
{
    std::uint64_t used = 0;    // bytes
    std::uint64_t maximum = 0; // bytes; 0: none
    EvictionPolicy policy = EvictionPolicy::unknown;
};

// Of the text of INFO memory. Nullopt: it is none.
std::optional<MemoryInfo> parse_memory_info(std::string_view text);

// For the log: what the policy does to a cache; empty: nothing bad.
std::string_view policy_warning(const MemoryInfo &info);

} // namespace edge::redis
