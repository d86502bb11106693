// What a purge leaves at the names it was of.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/time.h"
#include "invalidate/generation.h"

namespace edge::shm {

enum class Usability
{
    usable,
    stale_only, // soft purged
    unusable
};

// What it does to what it names.
inline Usability effect_of(invalidate::PurgeMode mode)
{
    return mode == invalidate::PurgeMode::hard ? Usability::unusable
                                               : Usability::stale_only;
}

struct PurgeMark
{
    invalidate::PurgeMode mode = invalidate::PurgeMode::hard;
    invalidate::Generation generation;
    BootTime applied_at;
    // For so long after it was applied the origin may say what was before.
    Millis settle{0};
};

// The marks of one name, as shared memory keeps them.
struct LastPurge
{
    // Both 0: never purged.
    invalidate::Generation hard;
    invalidate::Generation soft;
    // In milliseconds, at most invalidate::kMaxSettle.
    std::uint64_t applied_at : 48 = 0;
    std::uint64_t settle : 16 = 0;

    // On what was filled when that much had been applied.
    Usability effect(invalidate::Generation ticket) const
    {
        return hard > ticket   ? Usability::unusable
               : soft > ticket ? Usability::stale_only
                               : Usability::usable;
    }

    invalidate::Generation newest() const { return std::max(hard, soft); }

    // For how long a fill is kept that began then; nullopt: as long as it
    // likes. `least`: also after purges that do not say.
    std::optional<Millis> settle_time(BootTime began, Millis least) const;

    // Never lowers anything: records can be applied again after a doubt.
    void note(const PurgeMark &mark);
    void note_time(BootTime at, Millis time);

    PurgeMark mark(invalidate::PurgeMode mode) const;
};

static_assert(sizeof(LastPurge) == 24);

} // namespace edge::shm
