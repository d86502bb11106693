// What a request that asks the API has to do with others that want the same.
#pragma once

#include <optional>
#include <string_view>
#include <utility>

#include "base/hash.h"
#include "base/time.h"
#include "cache/reason.h"
#include "invalidate/selector.h"
#include "shm/running_fills.h"
#include "tier/fill_locks.h"

namespace edge::tier {

class Zone;

// Who wants what.
struct FillWish
{
    // Of what is to be filled; equal where one answer may serve both.
    Hash128 name;
    // What memory would have it under.
    Hash128 object;
    // What can purge it, as far as is known before there is an answer; nullopt:
    // not found out yet.
    std::optional<std::string_view> selectors;
    invalidate::TenantHash tenant = 0;
    // A fill that has taken longer is not waited for.
    Millis max_age{0};
    // False: wanted only if nobody else fetches it.
    bool may_wait = true;
};

// Held by whoever fetches, until it is known what becomes of the answer; its
// end wakes all who wait.
class FillRole
{
public:
    // `fill` is of none (id 0) for one who fetches for himself alone.
    FillRole(Zone &zone, const Hash128 &name, const shm::FillId &fill)
        : zone_(&zone), name_(name), fill_(fill)
    {
    }
    FillRole(FillRole &&other) noexcept
        : zone_(std::exchange(other.zone_, nullptr)), name_(other.name_),
          fill_(other.fill_), lock_(std::move(other.lock_))
    {
    }
    FillRole &operator=(FillRole &&) = delete;
    ~FillRole();

    // Others of this instance wait.
    bool leads() const { return fill_.id != 0; }
    const shm::FillId &fill() const { return fill_; }
    const Hash128 &name() const { return name_; }
    // Other instances, too.
    void hold(const FillLock &lock) { lock_ = lock; }
    // Somebody of this instance waits, or has waited.
    bool is_awaited() const;

    // The answer is stored.
    void end_stored();
    // It is not, for `why` (none: another instance knows): for so long nobody
    // waits for another one.
    void end_refused(Millis hit_for_miss, cache::Reason why);
    // It is in Redis alone: for so long everybody looks there at once.
    void end_in_redis(Millis hit_for_miss, cache::Reason why);

private:
    void end(Millis hit_for_miss);
    // Other instances fetch it from now on.
    Zone &leave(Millis hit_for_miss);

    Zone *zone_;
    Hash128 name_;
    shm::FillId fill_;
    std::optional<FillLock> lock_;
};

} // namespace edge::tier
