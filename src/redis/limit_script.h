// All limits of one request in one script: either every limit is charged, or
// none. The arithmetic is that of limit/gcra.h, window.h and calendar.h.
//
// A key holds a bucket's TAT (microseconds), or, of a window or a period, when
// it begins or ends and what was used in it and in the one before. Anything
// else, also another type, counts as nothing used and is overwritten with the
// next charge. Every write has a time to live: until nothing counts any more,
// for buckets the time a full one takes for that, and a second (periods: a
// minute).
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

enum class LimitKind : std::uint8_t
{
    bucket,
    window,
    hour, // quotas of calendar periods
    day,
    week,
    month
};

// A cost that asks whether there is a unit, and takes none.
inline constexpr std::int64_t kLook = -1;

// No key twice in one call: each limit is judged by what was there before.
struct ScriptLimit
{
    std::string_view key;
    LimitKind kind = LimitKind::bucket;
    // Bucket: microseconds per unit. Others: units.
    double a = 0;
    // Bucket: microseconds until a full one is empty. Window: its length in
    // microseconds. Quota: seconds that local time is ahead of UTC.
    double b = 0;
    std::int64_t cost = 1;
    bool dry_run = false; // marked, but stands in nobody's way
    // Units to be charged besides when the cost is: as many of them as leave a
    // fifth of all, and three quarters of what is above that.
    std::uint64_t extra = 0;
};

// In place of `wanted`: every cost is charged whatever is left, a negative one
// given back. A bucket gets no fuller than full by that.
inline constexpr int kDebit = -1;
// The same for what an instance has admitted without Redis. Instances come back
// one after another, and the first finds a bucket that has drained: so it gets
// twice as full, and nobody passes until that has drained.
inline constexpr int kHandOver = -2;

// One call, with the texts it consists of. The keys stay the caller's.
class LimitCall
{
public:
    // `wanted` times the cost of each limit: 1 for a request, more for
    // requests that wait together, 0 only looks. `now`: microseconds since
    // 1970, 0 for the clock of Redis, which is the same for all instances.
    LimitCall(std::span<const ScriptLimit> limits, int wanted,
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
    // Microseconds. Bucket: until all units are there; above the capacity when
    // it was charged with a larger burst before. Window: until there is room
    // for the cost, or, if there is now, for a unit more. Quota: until the
    // period ends.
    double time = 0;

    friend bool operator==(const LimitState &, const LimitState &) = default;
};

struct LimitAnswer
{
    std::uint64_t granted = 0; // of `wanted`
    std::uint32_t denied = 0;  // bit i: limit i had not enough, dry or not
    std::size_t limits = 0;
    std::array<LimitState, kMaxLimits> states{}; // after the decision
    std::array<std::uint64_t, kMaxLimits> extras{}; // that were charged
};

// To the one at `place`, from 0, of `wanted` requests without a dry run that
// were asked for together: the first `granted` of them pass. The others were
// refused by what has no room for one more. Extras are the first one's.
LimitAnswer answer_to_one(const LimitAnswer &all,
                          std::span<const ScriptLimit> limits, int wanted,
                          std::size_t place);

// nullopt for everything that is not an answer to this call.
std::optional<LimitAnswer>
parse_limit_answer(const Reply &reply, std::span<const ScriptLimit> limits,
                   int wanted);

} // namespace edge::redis
