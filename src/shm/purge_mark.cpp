#include "shm/purge_mark.h"

namespace edge::shm {

namespace {

std::int64_t millis(BootTime time)
{
    return time.time_since_epoch().count();
}

} // namespace

std::optional<Millis> LastPurge::settle_time(BootTime began,
                                             Millis least) const
{
    const Millis time = std::max(Millis(settle), least);
    const auto applied = static_cast<std::int64_t>(applied_at);
    return newest() != invalidate::Generation{} &&
                   millis(began) < applied + time.count()
               ? std::optional(time)
               : std::nullopt;
}

// What is left of the time of an earlier purge holds on.
void LastPurge::note_time(BootTime at, Millis time)
{
    const auto before = static_cast<std::int64_t>(applied_at);
    const std::int64_t until =
        std::max(before + static_cast<std::int64_t>(settle),
                 millis(at) + time.count());
    const std::int64_t now = std::max(before, millis(at));
    applied_at = static_cast<std::uint64_t>(now) & ((1ull << 48) - 1);
    settle = static_cast<std::uint64_t>(until - now) & 0xffff;
}

void LastPurge::note(const PurgeMark &mark)
{
    invalidate::Generation &last =
        mark.mode == invalidate::PurgeMode::hard ? hard : soft;
    last = std::max(last, mark.generation);
    note_time(mark.applied_at, mark.settle);
}

PurgeMark LastPurge::mark(invalidate::PurgeMode mode) const
{
    return {mode, mode == invalidate::PurgeMode::hard ? hard : soft,
            BootTime(Millis(applied_at)), Millis(settle)};
}

} // namespace edge::shm
