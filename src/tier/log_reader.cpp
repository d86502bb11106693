#include "tier/log_reader.h"

#include <algorithm>
#include <utility>

#include "ngx/clock.h"
#include "ngx/text.h"

namespace edge::tier {

namespace {

// The role is free when its holder took no step for so long.
constexpr Millis kRoleTimeout{1000};
constexpr Millis kLongestTurn{500};

} // namespace

LogReader::LogReader(Log &log, FillLocks &locks)
    : log_(log), locks_(locks),
      timer_(&LogReader::on_timer, this, ngx::Timer::Holds::nothing)
{
}

LogReader::~LogReader()
{
    if (flow_.running()) {
        const Lock lock(log_.zone());
        log_.zone().membership().has_unread_beat = true;
    }
    give_role_back();
}

void LogReader::start()
{
    log_.on_connect(&LogReader::on_wake, this);
    on_timer(this);
}

void LogReader::on_timer(void *data)
{
    auto *self = static_cast<LogReader *>(data);
    self->timer_.start(
        std::min(self->log_.zone().settings.lease / 4, kLongestTurn));
    if (!self->take_role()) {
        self->give_role_back();
        return;
    }
    if (!self->subscriber_) {
        self->subscriber_.emplace(
            self->log_.redis(),
            std::vector{self->log_.channel(), self->locks_.channel()},
            &LogReader::on_message, self);
        self->subscriber_->start();
    }
    self->step();
}

// A purge elsewhere, or the end of a fill that somebody here waits for.
void LogReader::on_message(void *data, std::string_view channel,
                           std::string_view message)
{
    auto *self = static_cast<LogReader *>(data);
    if (channel == self->locks_.channel()) {
        self->locks_.on_message(message);
    } else {
        self->step();
    }
}

// Redis is back.
void LogReader::on_wake(void *data)
{
    auto *self = static_cast<LogReader *>(data);
    if (self->subscriber_) {
        self->step();
    }
}

// A worker that is shutting down leaves the role to the next ones.
bool LogReader::take_role()
{
    const Process process = this_process();
    const BootTime now = ngx::boot_now();
    const Lock lock(log_.zone());
    Membership &membership = log_.zone().membership();
    const bool is_mine = membership.reader == process;
    const bool is_free = membership.reader.pid == 0 ||
                         now - membership.reader_seen > kRoleTimeout;
    if (ngx_exiting || (!is_mine && !is_free)) {
        return false;
    }
    membership.reader = process;
    membership.reader_seen = now;
    return true;
}

void LogReader::give_role_back()
{
    subscriber_.reset();
    const Process process = this_process();
    const Lock lock(log_.zone());
    Membership &membership = log_.zone().membership();
    if (membership.reader == process) {
        membership.reader = {};
    }
}

void LogReader::step()
{
    if (flow_.running()) {
        again_ = true;
        return;
    }
    if (flow_.run(run_step(flow_), &LogReader::on_step_done, this)) {
        on_step_done(this);
    }
}

void LogReader::on_step_done(void *data)
{
    auto *self = static_cast<LogReader *>(data);
    if (std::exchange(self->again_, false) && self->log_.up()) {
        self->step();
    }
}

// The second BEAT says what the first has applied: whoever waits for this
// instance must not wait for the next turn.
ngx::Task LogReader::run_step(ngx::Flow &flow)
{
    std::optional<Log::Heard> heard;
    const invalidate::Position before = log_.zone().applied();
    co_await log_.beat(flow, heard);
    if (heard && log_.zone().applied() != before) {
        co_await log_.beat(flow, heard);
    }
    if (heard) {
        tell_replicas(heard->is_replicated);
        co_await log_.append_local_purges(flow);
        co_await log_.append_lost_purges(flow);
        co_await log_.forget_silent(flow, heard->reply);
    }
}

void LogReader::tell_replicas(bool is_replicated)
{
    if (std::exchange(was_replicated_, is_replicated) == is_replicated) {
        return;
    }
    ngx_str_t name = ngx::str(log_.zone().settings.name);
    if (is_replicated) {
        ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0,
                      "zone \"%V\": its log is replicated again", &name);
    } else {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "zone \"%V\": fewer replicas than wait=%ui have its "
                      "log: no purge is confirmed%s",
                      &name, static_cast<ngx_uint_t>(log_.zone().settings.wait),
                      log_.zone().settings.strict ? ", nothing is served" : "");
    }
}

} // namespace edge::tier
