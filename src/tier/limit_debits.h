// Charges in Redis that nobody waits for.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "client/redis.h"
#include "redis/limit_script.h"

namespace edge::tier {

// Of one worker and one Redis.
class LimitDebits
{
public:
    // `redis` outlives it.
    explicit LimitDebits(client::Redis &redis);
    ~LimitDebits();
    LimitDebits(const LimitDebits &) = delete;

    // Takes `limit.cost` units, whatever is left, with the other commands of
    // this turn. `how`: redis::kDebit or kHandOver. False: not sent, Redis is
    // away or kMaxPending are under way.
    bool send(const redis::ScriptLimit &limit, int how);

private:
    static constexpr std::size_t kMaxPending = 4096;

    class Debit;
    void finish(const Debit &debit);

    client::Redis &redis_;
    std::vector<std::unique_ptr<Debit>> pending_;
};

} // namespace edge::tier
