#include "shm/running_fills.h"

#include <algorithm>
#include <atomic>
#include <new>
#include <type_traits>
#include <utility>

namespace edge::shm {

struct RunningFills::State
{
    static constexpr std::uint64_t kMagic = 0x326c6c6966676465; // "edgfill2"

    std::uint64_t magic = 0;
    std::uint32_t rows = 0;
    std::uint32_t used = 0;
    std::uint32_t free = 0;
    std::uint32_t reserved = 0;
    std::uint64_t last_id = 0;
    std::uint64_t changes = 0;
};

namespace {

constexpr std::uint32_t kNoRow = 0xffffffff;

bool is_aligned(std::span<const std::byte> memory)
{
    return reinterpret_cast<std::uintptr_t>(memory.data()) %
               RunningFills::kAlignment ==
           0;
}

} // namespace

std::size_t RunningFills::bytes_for(std::uint32_t rows)
{
    return sizeof(State) + rows * (sizeof(RunningFill) + sizeof(std::uint32_t));
}

RunningFills::RunningFills(std::span<std::byte> memory, std::uint32_t rows)
    : state_(reinterpret_cast<State *>(memory.data())),
      rows_(reinterpret_cast<RunningFill *>(memory.data() + sizeof(State)),
            rows),
      buckets_(reinterpret_cast<std::uint32_t *>(memory.data() + sizeof(State) +
                                                 rows * sizeof(RunningFill)),
               rows)
{
    static_assert(std::is_trivially_copyable_v<State>);
    static_assert(std::is_trivially_copyable_v<RunningFill>);
    static_assert(alignof(State) == kAlignment);
    static_assert(alignof(RunningFill) == kAlignment);
    static_assert(sizeof(State) % kAlignment == 0);
}

std::optional<RunningFills> RunningFills::format(std::span<std::byte> memory,
                                                 std::uint32_t rows)
{
    if (rows == 0 || !is_aligned(memory) || memory.size() < bytes_for(rows)) {
        return std::nullopt;
    }
    new (memory.data()) State{.rows = rows};
    RunningFills fills(memory, rows);
    fills.recover();
    // Last: what is half made is not attached to.
    std::atomic_ref(fills.state_->magic)
        .store(State::kMagic, std::memory_order_release);
    return fills;
}

std::optional<RunningFills> RunningFills::attach(std::span<std::byte> memory)
{
    if (memory.size() < sizeof(State) || !is_aligned(memory)) {
        return std::nullopt;
    }
    const State &state = *reinterpret_cast<const State *>(memory.data());
    if (state.magic != State::kMagic || memory.size() < bytes_for(state.rows)) {
        return std::nullopt;
    }
    return RunningFills(memory, state.rows);
}

void RunningFills::recover()
{
    std::ranges::fill(buckets_, kNoRow);
    for (std::uint32_t row = 0; row < rows_.size(); row++) {
        rows_[row] = {};
        rows_[row].next = row + 1 < rows_.size() ? row + 1 : kNoRow;
    }
    state_->free = 0;
    state_->used = 0;
    state_->changes++;
}

std::uint32_t &RunningFills::bucket(const Hash128 &name) const
{
    return buckets_[name.lo % buckets_.size()];
}

std::optional<FillId> RunningFills::find(const Hash128 &name) const
{
    for (std::uint32_t row = bucket(name); row != kNoRow;
         row = rows_[row].next) {
        if (rows_[row].name == name) {
            return id_of(row);
        }
    }
    return std::nullopt;
}

const RunningFill &RunningFills::at(const FillId &fill) const
{
    return rows_[fill.row];
}

bool RunningFills::runs(const FillId &fill) const
{
    return exists(fill) && !rows_[fill.row].replaced;
}

bool RunningFills::exists(const FillId &fill) const
{
    return fill.id != 0 && fill.row < rows_.size() &&
           rows_[fill.row].id == fill.id;
}

std::optional<FillId> RunningFills::begin(const Hash128 &name,
                                          const invalidate::Ticket &ticket,
                                          OwnerSlot owner, BootTime now)
{
    const std::uint32_t row = state_->free;
    if (row == kNoRow) {
        return std::nullopt;
    }
    RunningFill &fill = rows_[row];
    state_->free = fill.next;
    state_->used++;
    fill = {
        .name = name,
        .id = ++state_->last_id,
        .ticket = ticket,
        .started = now.time_since_epoch().count(),
        .moved = 0,
        .waiting = {},
        .elsewhere = {},
        .worker = 0,
        .waits_elsewhere = false,
        .arrives = false,
        .replaced = false,
        .owner = owner,
        .arriving = {},
        .next = std::exchange(bucket(name), row),
    };
    return id_of(row);
}

void RunningFills::wait(const FillId &fill, std::size_t worker)
{
    if (runs(fill)) {
        rows_[fill.row].waiting.add(worker);
    }
}

bool RunningFills::arrive(const FillId &fill, const Arriving &what)
{
    if (!runs(fill)) {
        return false;
    }
    RunningFill &row = rows_[fill.row];
    row.arriving = what;
    row.arrives = true;
    state_->changes++;
    return true;
}

WorkerSet RunningFills::move(const FillId &fill, BootTime now)
{
    if (!exists(fill)) {
        return {};
    }
    RunningFill &row = rows_[fill.row];
    row.moved = now.time_since_epoch().count();
    return row.waiting;
}

WorkerSet RunningFills::replace(const FillId &fill)
{
    if (!runs(fill) || !rows_[fill.row].arrives) {
        return end(fill);
    }
    RunningFill &row = rows_[fill.row];
    unlink(fill.row);
    row.replaced = true;
    state_->changes++;
    return row.waiting;
}

void RunningFills::unlink(std::uint32_t row)
{
    std::uint32_t *link = &bucket(rows_[row].name);
    while (*link != row) {
        link = &rows_[*link].next;
    }
    *link = rows_[row].next;
}

WorkerSet RunningFills::end(const FillId &fill)
{
    if (!exists(fill)) {
        return {};
    }
    RunningFill &row = rows_[fill.row];
    if (!row.replaced) {
        unlink(fill.row);
    }
    state_->changes++;
    row.id = 0;
    row.next = std::exchange(state_->free, fill.row);
    state_->used--;
    return row.waiting;
}

void RunningFills::wait_elsewhere(const FillId &fill, const Hash128 &name,
                                  std::size_t worker, BootTime now)
{
    if (runs(fill)) {
        RunningFill &row = rows_[fill.row];
        row.started = now.time_since_epoch().count();
        row.elsewhere = name;
        row.worker = static_cast<std::uint32_t>(worker);
        row.waits_elsewhere = true;
    }
}

bool RunningFills::waits_elsewhere(const FillId &fill) const
{
    return runs(fill) && rows_[fill.row].waits_elsewhere;
}

WorkerSet RunningFills::end_elsewhere(const Hash128 &name)
{
    WorkerSet fillers;
    for (RunningFill &row : rows_) {
        if (row.id != 0 && row.waits_elsewhere && row.elsewhere == name) {
            row.waits_elsewhere = false;
            state_->changes++;
            fillers.add(row.worker);
        }
    }
    return fillers;
}

WorkerSet RunningFills::end_all_of(OwnerSlot owner)
{
    WorkerSet waiting;
    for (std::uint32_t row = 0; row < rows_.size(); row++) {
        if (rows_[row].id != 0 && rows_[row].owner == owner) {
            waiting.add(end(id_of(row)));
        }
    }
    return waiting;
}

std::uint64_t RunningFills::changes() const
{
    return state_->changes;
}

std::size_t RunningFills::used() const
{
    return state_->used;
}

} // namespace edge::shm
