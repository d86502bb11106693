// Purges of what has several tags at once: see shm/tag_sets.h.
#include <algorithm>

#include "shm/generations_state.h"

namespace edge::shm {

using namespace invalidate;

// The set that has to go for it stands for one of its tags alone from then on:
// that purges more, never less.
void Generations::raise_set(std::span<const RowKey> rows,
                            const PurgeMark &mark)
{
    const auto forgotten = sets_.raise(rows, mark);
    state_->newest = std::max(state_->newest, mark.generation);
    if (forgotten) {
        const RowKey row = forgotten->keys[forgotten->anchor];
        raise_row(row, forgotten->last.mark(PurgeMode::hard));
        raise_row(row, forgotten->last.mark(PurgeMode::soft));
    }
}

// Those that matter, of which the entry has all.
template <typename Matters, typename Use>
void Generations::for_each_set(const EntryRows &entry, Matters matters,
                               Use use) const
{
    if (sets_.used() == 0) {
        return;
    }
    const auto use_if_all = [&](const TagSets::Set &set) {
        if (matters(set.last) &&
            std::ranges::all_of(set.rows(), [&entry](RowKey row) {
                return entry.contains(row);
            })) {
            use(set.last);
        }
    };
    entry.for_each([&](RowKey row) { sets_.for_each(row, use_if_all); });
}

Usability Generations::judge_sets(const EntryRows &entry,
                                  const Ticket &ticket) const
{
    Usability result = Usability::usable;
    for_each_set(
        entry,
        [&](const LastPurge &last) {
            return last.effect(ticket.generation) > result;
        },
        [&](const LastPurge &last) {
            result = last.effect(ticket.generation);
        });
    return result;
}

std::optional<Millis> Generations::settle_sets(const EntryRows &entry,
                                               const Ticket &ticket,
                                               Millis least) const
{
    std::optional<Millis> time;
    const auto time_of = [&](const LastPurge &last) {
        return last.settle_time(ticket.taken, least);
    };
    for_each_set(
        entry,
        [&](const LastPurge &last) {
            const auto found = time_of(last);
            return found && (!time || *found < *time);
        },
        [&](const LastPurge &last) { time = time_of(last); });
    return time;
}

} // namespace edge::shm
