// What unsafe methods invalidate: see shm/exact_rows.h.
#include <algorithm>

#include "base/bytes.h"
#include "shm/generations_state.h"

namespace edge::shm {

using namespace invalidate;

bool Generations::is_hit_exactly(RowKey key, const Ticket &ticket,
                                 BootTime now) const
{
    const ExactRow *row = exact_.find(key);
    return row != nullptr && row->hits(ticket, now);
}

bool Generations::is_invalidated(const Ticket &ticket,
                                 std::string_view selectors,
                                 TenantHash tenant) const
{
    for (ByteReader in(selectors); !in.at_end();) {
        if (is_hit_exactly(row_key(in.number<Selector>(), tenant), ticket,
                           BootTime::max())) {
            return true;
        }
    }
    return false;
}

void Generations::raise_exactly(const Purge &purge, Generation generation,
                                BootTime now, BeforeRow before_row)
{
    const BootTime hold_until = now + purge.hold;
    // The log did not have the record when that was asked: whoever has applied
    // it did so later.
    const BootTime unwritten = state_->standing.current_at;
    for (const RowKey key : purge.rows) {
        before_row();
        ExactRow &row = exact_.renew(key);
        row.generation = std::max(row.generation, generation);
        row.hold_until = std::max(row.hold_until, hold_until);
        if (unwritten != BootTime::min()) {
            row.window_until =
                std::max(row.window_until, unwritten + kWriteWindow);
        }
    }
    state_->hold_until = std::max(state_->hold_until, hold_until);
    state_->newest = std::max(state_->newest, generation);
}

std::uint64_t Generations::invalidate(std::span<const RowKey> rows,
                                      Millis hold, BootTime now,
                                      BeforeRow before_row)
{
    state_->changes++;
    state_->exact_local = ++state_->local;
    const BootTime hold_until = now + hold;
    for (const RowKey key : rows) {
        before_row();
        ExactRow &row = exact_.renew(key);
        row.local = state_->local;
        row.local_at = state_->applied.generation;
        row.hold_until = std::max(row.hold_until, hold_until);
    }
    state_->hold_until = std::max(state_->hold_until, hold_until);
    return state_->local;
}

bool Generations::is_covered(std::span<const RowKey> rows, BootTime now) const
{
    return std::ranges::all_of(rows, [&](RowKey key) {
        const ExactRow *row = exact_.find(key);
        return row != nullptr && now < row->window_until;
    });
}

void Generations::cover(std::span<const RowKey> rows, BootTime now)
{
    state_->changes++;
    state_->hold_until = std::max(state_->hold_until, now + kWriteHold);
    for (const RowKey key : rows) {
        if (ExactRow *row = exact_.find(key)) {
            row->window_until = now + kWriteWindow;
            row->hold_until = std::max(row->hold_until, now + kWriteHold);
        }
    }
}

void Generations::uncover(std::span<const RowKey> rows)
{
    for (const RowKey key : rows) {
        if (ExactRow *row = exact_.find(key)) {
            row->window_until = BootTime::min();
        }
    }
}

void Generations::settle_exact(std::span<const RowKey> rows,
                               std::uint64_t local, const Position &record)
{
    if (!has_applied(record)) {
        return;
    }
    for (const RowKey key : rows) {
        ExactRow *row = exact_.find(key);
        if (row != nullptr && row->local <= local) {
            row->local = 0;
        }
    }
}

} // namespace edge::shm
