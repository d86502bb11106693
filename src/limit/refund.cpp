#include "limit/refund.h"

#include <algorithm>

namespace edge::limit {

using redis::LimitKind;
using redis::LimitState;
using redis::ScriptLimit;

// One unit of a bucket, and that as long as what is left of them.
std::optional<ScriptLimit> refund(ScriptLimit limit, std::uint64_t units,
                                  Micros age)
{
    limit.extra = 0;
    limit.dry_run = false;
    if (limit.kind != LimitKind::bucket) {
        limit.cost = -static_cast<std::int64_t>(units);
        return units > 0 ? std::optional(limit) : std::nullopt;
    }
    limit.a = static_cast<double>(units) * limit.a - std::max(0.0, age);
    limit.cost = -1;
    return limit.a > 0 ? std::optional(limit) : std::nullopt;
}

LimitState with_refund(const ScriptLimit &limit, LimitState state,
                       std::uint64_t units)
{
    if (limit.kind != LimitKind::bucket) {
        const auto most = static_cast<std::uint64_t>(limit.a);
        state.remaining = std::min(most, state.remaining + units);
        return state;
    }
    const Micros taken = static_cast<double>(units) * limit.a;
    state.time = std::max(0.0, state.time - taken);
    const Micros room = std::max(0.0, limit.b - state.time);
    state.remaining = static_cast<std::uint64_t>(room / limit.a);
    return state;
}

} // namespace edge::limit
