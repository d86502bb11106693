// All limits of one request in one script: either every limit is charged, or
// none. The arithmetic is that of limit/gcra.h.
//
// A key holds its TAT (microseconds) and nothing else. Anything that is not a
// number, also another type, counts as an empty bucket and is overwritten with
// the next charge. Every write has a time to live: until the bucket is empty,
// the time a full one takes for that, and a second.
// Needs +evalsha +eval +time +get +set +pttl.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "redis/reply.h"
#include "redis/script.h"

namespace edge::redis {

extern const Script kLimitScript;

inline constexpr std::size_t kMaxLimits = 16; // of one request

// No key twice in one call: each limit is judged by what was there before.
struct ScriptLimit
{
    std::string_view key;
    double interval = 0; // microseconds per unit
    double capacity = 0; // microseconds until a full bucket is empty
    std::uint64_t cost = 1;
    bool dry_run = false; // marked, but stands in nobody's way
};

// One call, with the texts it consists of. The keys stay the caller's.
class LimitCall
{
public:
    // `wanted` times the cost of each limit: 1 for a request, more for
    // requests that wait together, 0 only looks. `now`: microseconds since
    // 1970, 0 for the clock of Redis, which is the same for all instances.
    LimitCall(std::span<const ScriptLimit> limits, std::uint64_t wanted,
              std::uint64_t now);
    LimitCall(const LimitCall &) = delete;
    LimitCall &operator=(const LimitCall &) = delete;

    // Valid as long as this object.
    ScriptCall call() const;

private:
    std::vector<std::string> numbers_;
    std::vector<std::string_view> keys_;
    std::vector<std::string_view> arguments_;
};

struct LimitState
{
    std::uint64_t remaining = 0; // whole units
    // Microseconds until all units are there; above the capacity when it
    // was charged with a larger burst before.
    double level = 0;

    friend bool operator==(const LimitState &, const LimitState &) = default;
};

struct LimitAnswer
{
    std::uint64_t granted = 0; // of `wanted`
    std::uint32_t denied = 0;  // bit i: limit i had not enough, dry or not
    std::size_t limits = 0;
    std::array<LimitState, kMaxLimits> states{}; // after the decision
};

// nullopt for everything that is not an answer to this call.
std::optional<LimitAnswer>
parse_limit_answer(const Reply &reply, std::span<const ScriptLimit> limits,
                   std::uint64_t wanted);

} // namespace edge::redis
