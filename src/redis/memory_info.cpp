#include "redis/memory_info.h"

#include <array>
#include <limits>

#include "base/text.h"

namespace edge::redis {
namespace {

constexpr std::array<std::string_view, 9> kPolicies = {
    "unknown",      "noeviction",      "allkeys-lru",
    "allkeys-lfu",  "allkeys-random",  "volatile-lru",
    "volatile-lfu", "volatile-random", "volatile-ttl",
};

EvictionPolicy policy_of(std::string_view name)
{
    for (std::size_t i = 1; i < kPolicies.size(); i++) {
        if (kPolicies[i] == name) {
            return static_cast<EvictionPolicy>(i);
        }
    }
    return EvictionPolicy::unknown;
}

// The value of the line "name:value\r\n".
std::optional<std::string_view> value_of(std::string_view text,
                                         std::string_view name)
{
    Split lines(text, '\n');
    while (const auto line = lines.next()) {
        if (line->starts_with(name) && line->substr(name.size(), 1) == ":") {
            const std::string_view value = line->substr(name.size() + 1);
            return value.substr(0, value.find('\r'));
        }
    }
    return std::nullopt;
}

std::optional<std::uint64_t> number_of(std::string_view text,
                                       std::string_view name)
{
    return parse_decimal(value_of(text, name).value_or(""),
                         std::numeric_limits<std::int64_t>::max());
}

} // namespace

std::string_view policy_name(EvictionPolicy policy)
{
    return kPolicies[static_cast<std::size_t>(policy)];
}

std::optional<MemoryInfo> parse_memory_info(std::string_view text)
{
    const auto used = number_of(text, "used_memory");
    const auto maximum = number_of(text, "maxmemory");
    if (!used || !maximum) {
        return std::nullopt;
    }
    return MemoryInfo{
        *used, *maximum,
        policy_of(value_of(text, "maxmemory_policy").value_or(""))};
}

std::string_view policy_warning(const MemoryInfo &info)
{
    if (info.maximum == 0) {
        return {};
    }
    switch (info.policy) {
    case EvictionPolicy::noeviction:
        return "nothing more is stored once it is full";
    case EvictionPolicy::allkeys_random:
    case EvictionPolicy::volatile_random:
        return "the log of purges may be evicted, and much be forgotten with "
               "it";
    default:
        return {};
    }
}

} // namespace edge::redis
