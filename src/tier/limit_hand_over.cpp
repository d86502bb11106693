#include "tier/limit_hand_over.h"

#include "client/redis.h"
#include "ngx/clock.h"
#include "tier/limit_zone.h"

namespace edge::tier {

LimitHandOver::LimitHandOver(LimitZone &zone)
    : zone_(zone),
      timer_(&LimitHandOver::on_turn, this, ngx::Timer::Holds::nothing)
{
}

void LimitHandOver::remember(const limit::LocalLimit &limit,
                             std::string_view name)
{
    if (keys_.size() == kMaxKeys) {
        return;
    }
    keys_.try_emplace(limit.key, limit.meter, limit.instances,
                      std::string(name));
    if (!timer_.running()) {
        timer_.start(kTurn);
    }
}

void LimitHandOver::on_turn(void *data)
{
    auto *self = static_cast<LimitHandOver *>(data);
    auto &keys = self->keys_;
    for (std::size_t i = 0;
         i < kKeysATurn && !keys.empty() && self->zone_.redis()->up(); i++) {
        const auto first = keys.begin();
        self->hand_over(first->first, first->second);
        keys.erase(first);
    }
    if (!keys.empty()) {
        self->timer_.start(kTurn);
    }
}

void LimitHandOver::hand_over(const Hash128 &key, const Owed &owed)
{
    redis::ScriptLimit debit = script_figures(owed.meter);
    debit.key = owed.name;
    debit.cost = zone_.take_charges({.zone = zone_.buckets(),
                                     .key = key,
                                     .meter = owed.meter,
                                     .instances = owed.instances});
    if (debit.cost != 0) {
        zone_.debit(debit, redis::kHandOver);
    }
}

} // namespace edge::tier
