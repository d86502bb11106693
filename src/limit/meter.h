// One limit's arithmetic, whichever of the three it is.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>

#include "limit/calendar.h"
#include "limit/gcra.h"
#include "limit/window.h"
#include "redis/limit_script.h"

namespace edge::limit {

using Meter = std::variant<Bucket, Window, Quota>;

enum class Algorithm : std::uint8_t
{
    gcra,
    window,
    quota
};

// What a meter is made of: of those that its algorithm has no use for nothing
// is taken.
struct Figures
{
    Algorithm algorithm = Algorithm::gcra;
    Rate rate;
    std::uint64_t burst = 1;
    Quota quota;
};

// nullopt: tell the operator kBucketTooSlow.
std::optional<Meter> make_meter(const Figures &figures);

// How a key stands after a decision, by Redis or here: what is left of its
// meter, and a time (redis/limit_script.h says which).
using State = redis::LimitState;

// That can be had at once of what is unused.
std::uint64_t units(const Meter &meter);

// The part of one of `instances` that limit alike without knowing of each
// other: at least one unit.
Meter share(const Meter &meter, std::uint64_t instances);

// How long until `units` can be had at once, 0: now; nullopt: never. Asked for
// the cost that was refused, or for one unit more than there are.
std::optional<Micros> wait_for(const Meter &meter, const State &state,
                               std::uint64_t units);

// Whether what was charged then can be given back now: a window or a period
// counts nothing, or not all, of what came before it.
bool still_counts(const Meter &meter, const Clocks &charged, const Clocks &now);

// The meter as the script takes it: kind and figures of what it returns.
redis::ScriptLimit script_figures(const Meter &meter);

template <typename... Functions> struct Overloaded : Functions...
{
    using Functions::operator()...;
};
template <typename... Functions>
Overloaded(Functions...) -> Overloaded<Functions...>;

} // namespace edge::limit
