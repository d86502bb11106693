// Purges of what has several tags at once: see shm/tag_sets.h.
#include <algorithm>

#include "base/bytes.h"
#include "shm/generations_state.h"

namespace edge::shm {

using namespace invalidate;

// The set that has to go for it stands for one of its tags alone from then on:
// that purges more, never less.
void Generations::raise_set(std::span<const RowKey> rows, PurgeMode mode,
                            Generation generation)
{
    const auto forgotten = sets_.raise(rows, mode, generation);
    state_->newest = std::max(state_->newest, generation);
    if (!forgotten) {
        return;
    }
    const RowKey row = forgotten->keys[forgotten->anchor];
    const PurgeRows::Last &last = forgotten->last;
    if (last.hard != Generation{}) {
        raise(row, PurgeMode::hard, last.hard);
    }
    if (last.soft != Generation{}) {
        raise(row, PurgeMode::soft, last.soft);
    }
}

Usability Generations::judge_sets(const EntryRows &entry,
                                  const Ticket &ticket) const
{
    Usability result = Usability::usable;
    if (sets_.used() == 0) {
        return result;
    }
    const auto judge_set = [&](const TagSets::Set &set) {
        const Usability found = set.last.effect(ticket.generation);
        if (found > result &&
            std::ranges::all_of(set.rows(), [&entry](RowKey row) {
                return entry.contains(row);
            })) {
            result = found;
        }
    };
    for (ByteReader in(entry.selectors); !in.at_end();) {
        const auto selector = in.number<Selector>();
        sets_.for_each(row_key(selector, entry.tenant), judge_set);
        sets_.for_each(row_key(selector, kAllTenants), judge_set);
    }
    return result;
}

} // namespace edge::shm
