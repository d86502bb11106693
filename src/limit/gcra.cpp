#include "limit/gcra.h"

#include <algorithm>

namespace edge::limit {

namespace {

constexpr Micros kYear = 366.0 * 86400 * 1'000'000;

Micros time_of(const Bucket &bucket, std::uint64_t units)
{
    return static_cast<double>(units) * bucket.interval;
}

} // namespace

std::optional<Bucket> make_bucket(const Rate &rate, std::uint64_t burst)
{
    Bucket bucket{emission_interval(rate), 0};
    bucket.capacity = time_of(bucket, burst);
    if (bucket.capacity > kYear) {
        return std::nullopt;
    }
    return bucket;
}

Bucket share(const Bucket &bucket, std::uint64_t instances)
{
    const Micros interval = time_of(bucket, instances);
    return {interval, std::max(interval, bucket.capacity)};
}

Decision decide(const Bucket &bucket, Micros tat, Micros now,
                std::uint64_t cost)
{
    // In this order a TAT that is not a number is an empty bucket.
    const Micros level = tat > now ? std::min(tat - now, bucket.capacity) : 0;
    if (wait_for(bucket, level, cost) != 0.0) {
        return {false, now + level, level};
    }

    const Micros charged = level + time_of(bucket, cost);
    return {true, now + charged, charged};
}

std::uint64_t remaining(const Bucket &bucket, Micros level)
{
    const Micros free = std::max(0.0, bucket.capacity - level);
    return static_cast<std::uint64_t>(free / bucket.interval);
}

std::optional<Micros> wait_for(const Bucket &bucket, Micros level,
                               std::uint64_t units)
{
    const Micros time = time_of(bucket, units);
    if (time > bucket.capacity) {
        return std::nullopt;
    }
    return std::max(0.0, level + time - bucket.capacity);
}

} // namespace edge::limit
