#include "tier/write_log.h"

#include <algorithm>

#include "ngx/random.h"

namespace edge::tier {

namespace {

using namespace invalidate;

// Between two records: the others are to know within 100 ms.
constexpr Millis kPause{50};
constexpr std::size_t kMaxWaiting = 20'000;

} // namespace

WriteLog::WriteLog(Log &log)
    : log_(log), timer_(&WriteLog::on_timer, this, ngx::Timer::Holds::worker)
{
}

void WriteLog::add(std::span<const RowKey> rows)
{
    Zone &zone = log_.zone();
    shm::Counters &counters = zone.counters();
    if (!zone.invalidate(rows, kWriteHold, counter_)) {
        counters.writes_covered.add(rows.size());
        return;
    }
    if (waiting_.size() + rows.size() > kMaxWaiting) {
        counters.writes_failed.add(rows.size());
        return;
    }
    waiting_.insert(waiting_.end(), rows.begin(), rows.end());
    zone.cover(rows);
    if (!timer_.running() && !flow_.running()) {
        step();
    }
}

void WriteLog::step()
{
    if (flow_.run(run_step(flow_), &WriteLog::on_step_done, this)) {
        on_step_done(this);
    }
}

// What fills a record does not wait for more.
void WriteLog::on_step_done(void *data)
{
    auto *self = static_cast<WriteLog *>(data);
    const bool is_full = self->waiting_.size() >= kMaxRows;
    self->timer_.start(is_full ? Millis(0) : kPause);
}

void WriteLog::on_timer(void *data)
{
    auto *self = static_cast<WriteLog *>(data);
    if (!self->waiting_.empty()) {
        self->step();
    }
}

// The window begins before the record leaves: from its acknowledgement on
// would be too late.
ngx::Task WriteLog::run_step(ngx::Flow &flow)
{
    Purge purge{ngx::random_text(), PurgeMode::hard, {}, kWriteHold};
    const auto end =
        waiting_.begin() + static_cast<std::ptrdiff_t>(
                               std::min(waiting_.size(), kMaxRows));
    purge.rows.assign(waiting_.begin(), end);
    waiting_.erase(waiting_.begin(), end);
    const std::uint64_t counter = counter_;
    Zone &zone = log_.zone();

    zone.cover(purge.rows);
    std::optional<Position> record;
    co_await log_.write(flow, purge, record);
    if (!record) {
        zone.uncover(purge.rows);
        zone.counters().writes_failed.add(purge.rows.size());
        co_return;
    }
    zone.counters().writes_logged.add(purge.rows.size());
    std::optional<Log::Heard> ignored;
    co_await log_.beat(flow, ignored);
    zone.settle_exact(purge.rows, counter, *record);
}

} // namespace edge::tier
