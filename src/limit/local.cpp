#include "limit/local.h"

#include <array>

namespace edge::limit {

namespace {

// As long as the level is not above this, one unit is left.
Micros slack(const Bucket &bucket)
{
    return bucket.capacity - bucket.interval;
}

redis::LimitState state_of(const Bucket &bucket, Micros level)
{
    return {remaining(bucket, level), level};
}

} // namespace

redis::LimitAnswer decide_locally(std::span<const LocalLimit> limits,
                                  Micros now)
{
    redis::LimitAnswer answer{.granted = 1, .limits = limits.size()};
    std::array<Micros, redis::kMaxLimits> tats;

    for (std::size_t i = 0; i < limits.size(); i++) {
        const LocalLimit &limit = limits[i];
        tats[i] = limit.zone.tat(limit.key, now);
        if (!decide(limit.bucket, tats[i], now, limit.cost).allowed) {
            answer.denied |= 1u << i;
            answer.granted = limit.dry_run ? answer.granted : 0;
        }
    }

    for (std::size_t i = 0; i < limits.size(); i++) {
        const LocalLimit &limit = limits[i];
        const bool charged = answer.granted && !(answer.denied >> i & 1);
        const std::uint64_t cost = charged ? limit.cost : 0;
        const Micros level = decide(limit.bucket, tats[i], now, cost).level;
        if (cost > 0) {
            note_level(limit.zone, limit.key, limit.bucket, level, now);
        }
        answer.states[i] = state_of(limit.bucket, level);
    }
    return answer;
}

void note_level(shm::Buckets zone, const Hash128 &key, const Bucket &bucket,
                Micros level, Micros now)
{
    if (level > 0) {
        zone.raise(key, now + level, slack(bucket), now);
    }
}

} // namespace edge::limit
