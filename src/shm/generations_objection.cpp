// check() once more, for people: which of all that is known is against an
// entry.
#include <algorithm>

#include "base/bytes.h"
#include "shm/generations_state.h"

namespace edge::shm {

using namespace invalidate;
using Cause = Objection::Cause;

namespace {

Objection unusable(Cause cause, Generation generation = {})
{
    return {Usability::unusable, cause, 0, generation};
}

Objection worse(const Objection &a, const Objection &b)
{
    if (a.effect != b.effect) {
        return a.effect > b.effect ? a : b;
    }
    return a.generation >= b.generation ? a : b;
}

Objection objection_to(RowKey row, const LastPurge &last,
                       const Ticket &ticket)
{
    const Usability effect = last.effect(ticket.generation);
    if (effect == Usability::usable) {
        return {};
    }
    return {effect, Cause::purge, row,
            effect == Usability::unusable ? last.hard : last.soft};
}

} // namespace

// Of rows that count together the first one is named.
Objection Generations::objection_to_sets(const EntryRows &entry,
                                         const Ticket &ticket) const
{
    Objection found;
    for_each_set(
        entry,
        [&](const LastPurge &last) {
            return last.effect(ticket.generation) != Usability::usable;
        },
        [&](const TagSets::Set &set) {
            found = worse(found, objection_to(set.rows().front(), set.last,
                                              ticket));
        });
    for_each_local_purge(entry, [&](const LocalPurge &purge) {
        if (purge.local > ticket.local) {
            found = worse(found, {effect_of(purge.mode), Cause::local_purge,
                                  purge.row, {}});
        }
    });
    return found;
}

Objection Generations::objection(const Ticket &ticket,
                                 std::string_view selectors, TenantHash tenant,
                                 const Use &use) const
{
    if (!progress().caught_up) {
        return unusable(Cause::behind);
    }
    const Position epoch{ticket.nonce,
                         Generation::of(ticket.generation.epoch(), 0)};
    const auto &accepted = state_->accepted;
    if (ticket.nonce == 0 || std::ranges::find(accepted, epoch) ==
                                 accepted.end()) {
        return unusable(Cause::epoch);
    }
    if (ticket.generation < state_->floor) {
        return unusable(Cause::floor, state_->floor);
    }
    if (!use.in_memory && !exact_.floor().accepts(ticket, use.now)) {
        return unusable(Cause::write_floor, exact_.floor().generation);
    }

    const EntryRows entry{selectors, tenant};
    Objection worst = objection_to_sets(entry, ticket);
    entry.for_each([&](RowKey row) {
        worst = worse(worst, objection_to(row, rows_.find(row), ticket));
    });
    for (ByteReader in(selectors); !in.at_end();) {
        const RowKey row = row_key(in.number<Selector>(), tenant);
        if (is_hit_exactly(row, ticket, use.now)) {
            worst = worse(worst, {Usability::unusable, Cause::write, row,
                                  exact_.find(row)->generation});
        }
    }
    return worst;
}

} // namespace edge::shm
