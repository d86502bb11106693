#include "shm/generations.h"

#include <algorithm>
#include <atomic>
#include <new>

#include "base/bytes.h"
#include "shm/generations_state.h"

namespace edge::shm {

using namespace invalidate;

namespace {

Position start_of(const Position &position)
{
    return {position.nonce, Generation::of(position.generation.epoch(), 0)};
}

Usability worse(Usability a, Usability b)
{
    return std::max(a, b);
}

bool is_of_everything(const Purge &purge)
{
    return purge.mode == PurgeMode::hard && purge.together == 1 &&
           std::ranges::find(purge.rows, row_key(select_everything(),
                                                 kAllTenants)) !=
               purge.rows.end();
}

} // namespace

namespace {

// Of unsafe methods: a quarter of those of operators.
constexpr std::uint32_t exact_rows_of(std::uint32_t rows)
{
    return std::max<std::uint32_t>(rows / 4, 16);
}

// Sets of tags: a sixteenth.
constexpr std::uint32_t tag_sets_of(std::uint32_t rows)
{
    return std::max<std::uint32_t>(rows / 16, 4);
}

// The next `count` objects of a piece of memory.
template <typename T>
std::span<T> carve(std::span<std::byte> &memory, std::size_t count)
{
    static_assert(alignof(T) <= Generations::kAlignment);
    const std::size_t size = (count * sizeof(T) + Generations::kAlignment - 1) /
                             Generations::kAlignment * Generations::kAlignment;
    auto *first = reinterpret_cast<T *>(memory.data());
    memory = memory.subspan(size);
    return {first, count};
}

} // namespace

std::size_t Generations::bytes_for(std::uint32_t rows)
{
    const std::size_t exact = exact_rows_of(rows);
    return sizeof(State) +
           rows * (sizeof(PurgeRows::Row) + sizeof(std::uint32_t)) +
           tag_sets_of(rows) * (sizeof(TagSets::Set) + sizeof(std::uint32_t)) +
           exact * (sizeof(ExactRows::Slot) + sizeof(std::uint32_t)) +
           3 * kAlignment;
}

Generations::Parts Generations::divide(std::span<std::byte> memory,
                                       std::uint32_t rows)
{
    static_assert(std::is_trivially_copyable_v<State>);
    Parts parts;
    parts.state = carve<State>(memory, 1).data();
    parts.rows = carve<PurgeRows::Row>(memory, rows);
    parts.buckets = carve<std::uint32_t>(memory, rows);
    parts.sets = carve<TagSets::Set>(memory, tag_sets_of(rows));
    parts.set_buckets = carve<std::uint32_t>(memory, tag_sets_of(rows));
    parts.exact = carve<ExactRows::Slot>(memory, exact_rows_of(rows));
    parts.exact_buckets = carve<std::uint32_t>(memory, exact_rows_of(rows));
    return parts;
}

Generations::Generations(const Parts &parts)
    : state_(parts.state),
      rows_(&parts.state->table, parts.rows, parts.buckets),
      sets_(&parts.state->sets, parts.sets, parts.set_buckets),
      exact_(&parts.state->exact, parts.exact, parts.exact_buckets)
{
}

std::optional<Generations> Generations::format(std::span<std::byte> memory,
                                               const GenerationsConfig &config)
{
    if (config.rows < 2 || config.random == 0 ||
        memory.size() < bytes_for(config.rows) ||
        reinterpret_cast<std::uintptr_t>(memory.data()) % kAlignment != 0) {
        return std::nullopt;
    }
    new (memory.data()) State;
    Generations generations(divide(memory, config.rows));
    State &state = *generations.state_;
    state.rows = config.rows;
    state.own_log = config.own_log;
    state.random = config.random;
    state.table.seed = config.random;
    state.sets.seed = config.random;
    state.exact.seed = config.random;
    generations.recover();
    // Last: what is half made is not attached to.
    std::atomic_ref(state.magic)
        .store(State::kMagic, std::memory_order_release);
    return generations;
}

std::optional<Generations> Generations::attach(std::span<std::byte> memory)
{
    if (memory.size() < sizeof(State) ||
        reinterpret_cast<std::uintptr_t>(memory.data()) % kAlignment != 0) {
        return std::nullopt;
    }
    const State &state = *reinterpret_cast<const State *>(memory.data());
    if (state.magic != State::kMagic || memory.size() < bytes_for(state.rows)) {
        return std::nullopt;
    }
    return Generations(divide(memory, state.rows));
}

Ticket Generations::ticket() const
{
    return {state_->applied.nonce, state_->applied.generation, state_->local};
}

std::uint64_t Generations::changes() const
{
    return state_->changes;
}

Position Generations::applied() const
{
    return state_->applied;
}

Progress Generations::progress() const
{
    return {state_->applied, state_->standing.current_at != BootTime::min()};
}

Position Generations::epoch() const
{
    return state_->epoch;
}

Generation Generations::floor() const
{
    return state_->floor;
}

const Standing &Generations::standing() const
{
    return state_->standing;
}

std::span<const LocalPurge> Generations::local_purges() const
{
    return std::span(state_->local_purge).first(state_->local_purges);
}

bool Generations::has_applied(const Position &record) const
{
    return record.nonce != 0 && reaches(state_->applied, record);
}

bool Generations::accepts(const Ticket &ticket) const
{
    const Position epoch = start_of({ticket.nonce, ticket.generation});
    return progress().caught_up && ticket.nonce != 0 &&
           std::ranges::find(state_->accepted, epoch) !=
               state_->accepted.end() &&
           ticket.generation >= state_->floor;
}

Usability Generations::judge(Selector selector, const EntryRows &entry,
                             const Ticket &ticket) const
{
    const auto effect = [&](TenantHash tenant) {
        return rows_.find(row_key(selector, tenant)).effect(ticket.generation);
    };
    return worse(effect(entry.tenant), effect(kAllTenants));
}

Usability Generations::check(const Ticket &ticket, std::string_view selectors,
                             TenantHash tenant, const Use &use) const
{
    // A fill is held by what held when it was asked for.
    const BootTime now =
        ticket.taken != BootTime::min() ? ticket.taken : use.now;
    if (!accepts(ticket) || selectors.size() % sizeof(Selector) != 0 ||
        (!use.in_memory && !exact_.floor().accepts(ticket, now))) {
        return Usability::unusable;
    }
    if (ticket.generation >= state_->newest && state_->local_purges == 0 &&
        ticket.local >= state_->exact_local && now >= state_->hold_until) {
        return Usability::usable;
    }

    const EntryRows entry{selectors, tenant};
    Usability result = worse(judge(select_everything(), entry, ticket),
                             judge_local_purges(entry, ticket));
    for (ByteReader in(selectors);
         !in.at_end() && result != Usability::unusable;) {
        const auto selector = in.number<Selector>();
        result = is_hit_exactly(row_key(selector, tenant), ticket, now)
                     ? Usability::unusable
                     : worse(result, judge(selector, entry, ticket));
    }
    return worse(result, judge_sets(entry, ticket));
}

// The ninth epoch pushes out the first, and with it its entries.
void Generations::accept(const Position &position)
{
    auto &accepted = state_->accepted;
    std::shift_left(accepted.begin(), accepted.end(), 1);
    accepted.back() = state_->epoch = start_of(position);
}

void Generations::raise_row(RowKey row, const PurgeMark &mark)
{
    const LastPurge forgotten = rows_.raise(row, mark);
    if (forgotten.newest() != Generation{}) {
        state_->floor = std::max(state_->floor, forgotten.newest());
        state_->forgotten.note(forgotten.mark(PurgeMode::hard));
        state_->forgotten.note(forgotten.mark(PurgeMode::soft));
    }
    state_->newest = std::max(state_->newest, mark.generation);
}

void Generations::raise(const Purge &purge, Generation generation,
                        BootTime now)
{
    note_settling(now, purge.settle);
    const PurgeMark mark{purge.mode, generation, now, purge.settle};
    for (std::span<const RowKey> rest = purge.rows; !rest.empty();
         rest = rest.subspan(purge.together)) {
        if (purge.together == 1) {
            raise_row(rest.front(), mark);
        } else {
            raise_set(rest.first(purge.together), mark);
        }
    }
}

bool Generations::apply(const Record &record, BootTime now,
                        BeforeRow before_row)
{
    if (!follows(record, progress())) {
        return false;
    }
    state_->changes++;
    const auto *purge = std::get_if<Purge>(&record.what);
    if (purge != nullptr && purge->hold > Millis(0)) {
        raise_exactly(*purge, record.position.generation, now, before_row);
    } else if (purge != nullptr) {
        raise(*purge, record.position.generation, now);
        if (is_of_everything(*purge)) {
            state_->lost_until = {};
        }
    } else {
        if (record.position.nonce != state_->last.nonce) {
            note_loss(std::get<EpochStart>(record.what).after);
        }
        if (record.position.nonce != state_->epoch.nonce) {
            accept(record.position);
            state_->standing.joined_at = now;
        }
    }
    state_->applied = state_->last = record.position;
    return true;
}

void Generations::doubt(const Position &seen)
{
    if (state_->applied == seen) {
        state_->changes++;
        state_->applied = {};
        state_->accepted = {};
        state_->standing = {};
    }
}

bool Generations::restart(const Position &position, BootTime now)
{
    if (state_->applied.nonce != 0 || position.nonce == 0) {
        return false;
    }
    state_->changes++;
    state_->floor = position.generation;
    // The record that begins the epoch was trimmed.
    if (position.generation.sequence() != 0 &&
        position.nonce != state_->last.nonce) {
        note_loss({});
    }
    accept(position);
    state_->standing.joined_at = now;
    state_->applied = position;
    return true;
}

bool Generations::caught_up(const Position &top, BootTime asked, Millis lease)
{
    Standing &standing = state_->standing;
    // An answer from before a doubt can lack what was applied before it.
    const bool too_old = !progress().caught_up && asked < standing.joined_at;
    if (too_old || !has_applied(top)) {
        return false;
    }
    standing.lease_until = std::max(standing.lease_until, asked + lease);
    standing.current_at = std::max(standing.current_at, asked);
    return true;
}

void Generations::leave(BootTime now)
{
    state_->changes++;
    state_->standing = {};
    // What was asked within this millisecond may have been asked before.
    state_->standing.joined_at = now + Millis(1);
}

Generation Generations::purge(const Purge &purge, BootTime now)
{
    state_->changes++;
    const Generation next{state_->applied.generation.packed + 1};
    raise(purge, next, now);
    state_->applied.generation = next;
    return next;
}

void Generations::begin_own_log()
{
    const std::uint64_t next = state_->applied.generation.packed + 1;
    const Position position{state_->random,
                            {std::max(next, Generation::of(1, 0).packed)}};
    state_->applied = {};
    restart(position, BootTime{});
    caught_up(position, BootTime{}, Millis(0));
}

void Generations::recover()
{
    State &state = *state_;
    state.changes++;
    forget_settling();
    rows_.clear();
    sets_.clear();
    exact_.clear();
    state.hold_until = BootTime::min();
    state.last = {};
    state.lost_until = {};
    state.newest = {};
    state.accepted = {};
    state.standing = {};
    if (state.own_log) {
        begin_own_log();
    } else {
        state.applied = {};
        state.epoch = {};
    }
    if (state.local_purges != 0) {
        state.local_purges = kLocalPurges;
        purge_locally(
            {.rows = {row_key(select_everything(), kAllTenants)}},
            BootTime{});
    }
}

} // namespace edge::shm
