// Keys that this worker has decided without Redis. What was admitted of them is
// handed over when Redis is back: with the next request for a key, or by this
// if none comes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/time.h"
#include "limit/key_hasher.h"
#include "limit/local.h"
#include "ngx/timer.h"

namespace edge::tier {

class LimitZone;

// Of one worker and one zone with Redis.
class LimitHandOver
{
public:
    // With more the others wait for their next request.
    static constexpr std::size_t kMaxKeys = 10'000;
    // Not all at once: Redis has just come back.
    static constexpr std::size_t kKeysATurn = 100;
    static constexpr Millis kTurn{100};

    // `zone` outlives it.
    explicit LimitHandOver(LimitZone &zone);
    LimitHandOver(const LimitHandOver &) = delete;
    LimitHandOver &operator=(const LimitHandOver &) = delete;

    bool knows(const Hash128 &key) const { return keys_.contains(key); }
    // `limit` was charged here; `name` is that of its key in Redis.
    void remember(const limit::LocalLimit &limit, std::string_view name);

private:
    struct Owed
    {
        limit::Meter meter;
        std::uint64_t instances;
        std::string name;
    };

    static void on_turn(void *self);
    void hand_over(const Hash128 &key, const Owed &owed);

    LimitZone &zone_;
    std::unordered_map<Hash128, Owed, limit::KeyHasher> keys_;
    ngx::Timer timer_;
};

} // namespace edge::tier
