// Purges of what has several tags at once: see shm/tag_sets.h.
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

Usability Generations::judge_sets(const EntryRows &entry,
                                  const Ticket &ticket) const
{
    Usability result = Usability::usable;
    for_each_set(
        entry,
        [&](const LastPurge &last) {
            return last.effect(ticket.generation) > result;
        },
        [&](const TagSets::Set &set) {
            result = set.last.effect(ticket.generation);
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
        [&](const TagSets::Set &set) { time = time_of(set.last); });
    return time;
}

} // namespace edge::shm
