// Purges that are in no log: Redis was away when they came, or has lost them.
#include <algorithm>

#include "shm/generations_state.h"

namespace edge::shm {

using namespace invalidate;

void Generations::purge_locally(const Purge &purge, BootTime now)
{
    State &state = *state_;
    note_settling(now, purge.settle);
    state.changes++;
    state.local++;
    if (purge.rows.size() > kLocalPurges - state.local_purges) {
        Millis settle = purge.settle;
        for (const LocalPurge &one : local_purges()) {
            settle = std::max(settle, one.settle);
        }
        state.local_purge[0] = {row_key(select_everything(), kAllTenants),
                                state.local, PurgeMode::hard, 1, now, settle};
        note_settling(now, settle);
        state.local_purges = 1;
        return;
    }
    for (const RowKey row : purge.rows) {
        state.local_purge[state.local_purges++] = {
            row, state.local, purge.mode,
            static_cast<std::uint32_t>(purge.together), now, purge.settle};
    }
}

Usability Generations::judge_local_purges(const EntryRows &entry,
                                          const Ticket &ticket) const
{
    Usability result = Usability::usable;
    for_each_local_purge(entry, [&](const LocalPurge &purge) {
        if (purge.local > ticket.local) {
            result = std::max(result, effect_of(purge.mode));
        }
    });
    return result;
}

bool Generations::settle(std::uint64_t local, const Position &record)
{
    State &state = *state_;
    if (!has_applied(record)) {
        return false;
    }
    const auto end = state.local_purge.begin() +
                     static_cast<std::ptrdiff_t>(state.local_purges);
    const auto kept = std::remove_if(
        state.local_purge.begin(), end,
        [local](const LocalPurge &purge) { return purge.local <= local; });
    state.local_purges =
        static_cast<std::uint64_t>(kept - state.local_purge.begin());
    return true;
}

// An epoch begins behind `after`. What was applied beyond that is not in the
// log any more; nor is anything of another epoch.
void Generations::note_loss(const Position &after)
{
    const Position &last = state_->last;
    const Generation kept =
        after.nonce == last.nonce ? after.generation : Generation{};
    if (last.generation > kept) {
        const bool is_first = state_->lost_until == Generation{};
        state_->lost_after = is_first ? kept
                                      : std::min(state_->lost_after, kept);
        state_->lost_until = last.generation;
    }
}

LostPurges Generations::lost_purges() const
{
    LostPurges lost;
    if (state_->lost_until == Generation{}) {
        return lost;
    }
    const auto is_lost = [this](Generation generation) {
        return generation > state_->lost_after &&
               generation <= state_->lost_until;
    };
    const auto note = [&lost](const LastPurge &last) {
        lost.settle = std::max(lost.settle, Millis(last.settle));
    };
    for (const PurgeRows::Row &row : rows_.all()) {
        if (is_lost(row.last.hard)) {
            note(row.last);
            lost.hard.push_back(row.key);
        } else if (is_lost(row.last.soft)) {
            note(row.last);
            lost.soft.push_back(row.key);
        }
    }
    for (const TagSets::Set &set : sets_.all()) {
        const bool is_hard = is_lost(set.last.hard);
        if (is_hard || is_lost(set.last.soft)) {
            note(set.last);
            lost.sets.push_back({is_hard ? PurgeMode::hard : PurgeMode::soft,
                                 {set.rows().begin(), set.rows().end()}});
        }
    }
    return lost;
}

} // namespace edge::shm
