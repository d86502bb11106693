// What one worker has for a limit zone that is shared through Redis.
#pragma once

#include "client/redis.h"
#include "tier/limit_calls.h"
#include "tier/limit_debits.h"
#include "tier/limit_hand_over.h"

namespace edge::tier {

struct LimitLink
{
    LimitLink(client::Redis &shared, LimitZone &zone)
        : redis(shared), calls(shared), debits(shared), hand_over(zone)
    {
    }

    client::Redis &redis;
    LimitCalls calls;
    LimitDebits debits;
    LimitHandOver hand_over;
};

} // namespace edge::tier
