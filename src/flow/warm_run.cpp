#include "flow/warm_run.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "cache/url.h"
#include "ngx/clock.h"
#include "ngx/text.h"

namespace edge::flow {

namespace {

using cache::Reason;
using shm::WarmJob;
using tier::Warmed;

// For a zone to know what was purged, or a connection to come free.
constexpr Millis kPause{100};
// A zone that does not know it for so long may not for a while.
constexpr unsigned kPauses = 100;

void log_end(const WarmJob &job, const WarmPlan &plan)
{
    const std::string name = warm_name(plan.id);
    const std::uint32_t done = job.stored + job.found + job.failures();
    const auto millis =
        std::max<Millis::rep>((job.ended - job.begun).count(), 1);
    ngx_log_error(
        NGX_LOG_NOTICE, ngx_cycle->log, 0,
        "edge warm %s by \"%s\": %uD of %uD URLs in %O.%03O s, %O/s: %uD "
        "stored, %uD found, %uD failed%s",
        name.c_str(), plan.who.c_str(), done, job.urls,
        static_cast<off_t>(millis / 1000), static_cast<off_t>(millis % 1000),
        static_cast<off_t>(done) * 1000 / millis, job.stored, job.found,
        job.failures(), job.state == WarmJob::State::done ? "" : ", stopped");
}

} // namespace

std::string warm_name(std::uint64_t id)
{
    char text[17];
    std::snprintf(text, sizeof(text), "%016llx",
                  static_cast<unsigned long long>(id));
    return text;
}

WarmRun::WarmRun(conf::Main &main, WarmPlan plan)
    : main_(main), plan_(std::move(plan)), flow_(nullptr),
      turn_(&WarmRun::on_turn, this, ngx::Timer::Holds::nothing)
{
    for (const http::FormField &field : plan_.list.fields) {
        fields_.push_back({field.name, field.value});
    }
    settings_ = {&main_, plan_.list.tenant, fields_, &WarmRun::on_request_end,
                 this};
}

WarmRun::~WarmRun()
{
    if (!has_ended_) {
        end();
    }
}

void WarmRun::start(void (*over)(void *), void *data)
{
    flow_.run(warm(flow_), over, data);
}

ngx::Task WarmRun::warm(ngx::Flow &)
{
    for (unsigned i = 0; i < kPauses && is_any_zone_behind(); i++) {
        turn_.start(kPause);
        co_await NextTurn(*this);
    }
    // Also where there is nothing to do it ends in the event loop.
    do {
        const std::size_t before = next_;
        begin_some();
        if (running_ == 0) {
            turn_.start(next_ == before ? kPause : Millis(0));
        }
        co_await NextTurn(*this);
    } while (may_go_on() || running_ > 0);
    end();
}

// It keeps nothing, and has nothing to show, until it has read its log.
bool WarmRun::is_any_zone_behind() const
{
    return std::ranges::any_of(main_.zones, [](tier::Zone *zone) {
        return !zone->coherence().is_serving;
    });
}

bool WarmRun::may_go_on() const
{
    return next_ < plan_.list.urls.size() && !ngx_exiting && !ngx_terminate;
}

// In one turn of the event loop no more than run at a time.
void WarmRun::begin_some()
{
    for (std::uint32_t i = 0; i < plan_.list.concurrency && may_go_on() &&
                              running_ < plan_.list.concurrency;
         i++) {
        if (!begin(next_)) {
            return;
        }
        next_++;
    }
}

// False: there is no connection left for it.
bool WarmRun::begin(std::size_t index)
{
    const std::string &text = plan_.list.urls[index];
    const auto url = cache::parse_url(text);
    if (!url || text.size() > cache::kMaxWarmUrl) {
        note_failure(index, Reason::uri_invalid);
        return true;
    }
    switch (start_warm(*url, index, settings_)) {
    case WarmStart::begun:
        running_++;
        return true;
    case WarmStart::no_room:
        return false;
    case WarmStart::refused:
        break;
    }
    note_failure(index, Reason::not_cached);
    return true;
}

// Of a file anything may be in a line: what is no URL is not shown.
void WarmRun::note_failure(std::size_t index, Reason why)
{
    zone().note_warmed(plan_.id, Warmed::failed, why);
    std::string_view url;
    if (why != Reason::uri_invalid) {
        url = plan_.list.urls[index];
    }
    ngx_str_t text = ngx::str(url);
    ngx_str_t reason = ngx::str(name(why));
    ngx_log_error(NGX_LOG_INFO, ngx_cycle->log, 0,
                  "edge warm %s: URL %uz \"%V\" was not stored: %V",
                  warm_name(plan_.id).c_str(), index + 1, &text, &reason);
}

void WarmRun::on_request_end(void *data, std::size_t index,
                             const Request &request)
{
    auto *self = static_cast<WarmRun *>(data);
    self->running_--;
    const Warmed outcome = outcome_of(request);
    if (outcome == Warmed::failed) {
        self->note_failure(index, request.reason);
    } else {
        self->zone().note_warmed(self->plan_.id, outcome, request.reason);
    }
    self->turn_.start(Millis(0));
}

void WarmRun::on_turn(void *run)
{
    static_cast<WarmRun *>(run)->flow_.wake();
}

void WarmRun::end()
{
    has_ended_ = true;
    const bool is_done = next_ == plan_.list.urls.size() && running_ == 0;
    zone().end_warm(plan_.id,
                    is_done ? WarmJob::State::done : WarmJob::State::stopped);
    if (const auto job = zone().warm_job(plan_.id)) {
        log_end(*job, plan_);
    }
}

} // namespace edge::flow
