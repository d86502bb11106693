// The generic cell rate algorithm: a bucket of `burst` units that drains at a
// constant rate. In any interval t it admits at most rate * t + burst. All its
// state is one number, the theoretical arrival time (TAT): when the bucket
// will have drained.
#pragma once

#include <cstdint>
#include <optional>

#include "limit/rate.h"

namespace edge::limit {

struct Bucket
{
    Micros interval = 0; // until one unit has drained
    Micros capacity = 0; // until a full bucket has: burst * interval

    friend bool operator==(const Bucket &, const Bucket &) = default;
};

inline constexpr std::string_view kBucketTooSlow =
    "a burst may take no longer than a year at its rate: "
    "write a smaller burst or a higher rate";

// nullopt: tell the operator kBucketTooSlow.
std::optional<Bucket> make_bucket(const Rate &rate, std::uint64_t burst);

// The part of one of `instances` that limit alike without knowing of each
// other: rate / instances, and burst / instances but at least one unit. A
// level means the same in both, so it needs no conversion.
Bucket share(const Bucket &bucket, std::uint64_t instances);

struct Decision
{
    bool allowed = false;
    Micros tat = 0;   // to be kept if allowed
    Micros level = 0; // after the decision; when it has passed, all is there
};

// `tat` of an unknown key is 0, or anything else up to `now`. Whatever the
// TAT, the level is within the bucket: a clock that jumped costs at most one
// burst. `cost` 0 is always allowed, more than the burst never.
Decision decide(const Bucket &bucket, Micros tat, Micros now,
                std::uint64_t cost);

// Whole units that can be had at once. Here and below a level may be above
// the capacity: somebody with a larger bucket left it.
std::uint64_t remaining(const Bucket &bucket, Micros level);

// How long until `units` can be had at once, 0: now; nullopt: never.
std::optional<Micros> wait_for(const Bucket &bucket, Micros level,
                               std::uint64_t units);

} // namespace edge::limit
