// After a purge the origin may still say what was before: see keep_time() in
// shm/generations.h.
#include <algorithm>

#include "base/bytes.h"
#include "shm/generations_state.h"

namespace edge::shm {

using namespace invalidate;

namespace {

using Time = std::optional<Millis>;

// nullopt: no bound.
Time shorter(Time a, Time b)
{
    return a && b ? std::min(a, b) : a ? a : b;
}

} // namespace

void Generations::note_settling(BootTime now, Millis settle)
{
    state_->purged_at = std::max(state_->purged_at, now);
    state_->settled_at = std::max(state_->settled_at, now + settle);
}

// Of all rows: each may be of any name from now on.
void Generations::forget_settling()
{
    if (state_->purged_at != BootTime::min()) {
        const Millis rest = state_->settled_at - state_->purged_at;
        state_->forgotten.note(
            {PurgeMode::hard, state_->newest, state_->purged_at,
             std::clamp(rest, Millis(0), kMaxSettle)});
    }
}

// What is forgotten of rows counts for every name.
Time Generations::settle_all(const Ticket &ticket, Millis least) const
{
    const bool may_have_missed =
        state_->own_log == 0 &&
        ticket.taken < state_->standing.joined_at + least;
    const bool is_after_write =
        ticket.taken < exact_.floor().hold_until + least;
    return shorter(may_have_missed || is_after_write ? Time(least)
                                                     : std::nullopt,
                   state_->forgotten.settle_time(ticket.taken, least));
}

Time Generations::settle_row(RowKey key, const Ticket &ticket,
                             Millis least) const
{
    const ExactRow *write = exact_.find(key);
    const bool is_after_write =
        write != nullptr && ticket.taken < write->hold_until + least;
    return shorter(is_after_write ? Time(least) : std::nullopt,
                   rows_.find(key).settle_time(ticket.taken, least));
}

Time Generations::settle_local_purges(const EntryRows &entry,
                                      const Ticket &ticket,
                                      Millis least) const
{
    Time time;
    for_each_local_purge(entry, [&](const LocalPurge &purge) {
        const Millis settle = std::max(purge.settle, least);
        if (ticket.taken < purge.at + settle) {
            time = shorter(time, settle);
        }
    });
    return time;
}

Time Generations::keep_time(const Ticket &ticket, std::string_view selectors,
                            TenantHash tenant, Millis least) const
{
    const BootTime settled =
        std::max({state_->settled_at, state_->purged_at + least,
                  state_->hold_until + least,
                  state_->standing.joined_at + least});
    if (ticket.taken >= settled) {
        return std::nullopt;
    }
    const EntryRows entry{selectors, tenant};
    Time time = shorter(settle_all(ticket, least),
                        settle_sets(entry, ticket, least));
    time = shorter(time, settle_local_purges(entry, ticket, least));
    entry.for_each([&](RowKey row) {
        time = shorter(time, settle_row(row, ticket, least));
    });
    return time;
}

} // namespace edge::shm
