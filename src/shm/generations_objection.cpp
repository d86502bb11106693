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
    if (last.hard > ticket.generation) {
        return {Usability::unusable, Cause::purge, row, last.hard};
    }
    if (last.soft > ticket.generation) {
        return {Usability::stale_only, Cause::purge, row, last.soft};
    }
    return {};
}

} // namespace

// Of rows that count together the first one is named.
Objection Generations::objection_to_sets(const EntryRows &entry,
                                         const Ticket &ticket) const
{
    const auto has = [&entry](RowKey row) { return entry.contains(row); };
    Objection found;
    const auto look_at = [&](const TagSets::Set &set) {
        if (std::ranges::all_of(set.rows(), has)) {
            found = worse(found, objection_to(set.rows().front(), set.last,
                                              ticket));
        }
    };
    for (ByteReader in(entry.selectors); !in.at_end();) {
        const auto selector = in.number<Selector>();
        sets_.for_each(row_key(selector, entry.tenant), look_at);
        sets_.for_each(row_key(selector, kAllTenants), look_at);
    }
    for (auto rest = local_purges(); !rest.empty();
         rest = rest.subspan(rest.front().together)) {
        const LocalPurge &first = rest.front();
        if (first.local > ticket.local &&
            std::ranges::all_of(rest.first(first.together), has,
                                &LocalPurge::row)) {
            const Usability effect = first.mode == PurgeMode::hard
                                         ? Usability::unusable
                                         : Usability::stale_only;
            found = worse(found, {effect, Cause::local_purge, first.row, {}});
        }
    }
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

    Objection worst = objection_to_sets({selectors, tenant}, ticket);
    const auto look_at = [&](Selector selector) {
        for (const TenantHash whose : {tenant, kAllTenants}) {
            const RowKey row = row_key(selector, whose);
            worst = worse(worst, objection_to(row, rows_.find(row), ticket));
        }
    };
    look_at(select_everything());
    for (ByteReader in(selectors); !in.at_end();) {
        const auto selector = in.number<Selector>();
        const RowKey row = row_key(selector, tenant);
        if (is_hit_exactly(row, ticket, use.now)) {
            worst = worse(worst, {Usability::unusable, Cause::write, row,
                                  exact_.find(row)->generation});
        }
        look_at(selector);
    }
    return worst;
}

} // namespace edge::shm
