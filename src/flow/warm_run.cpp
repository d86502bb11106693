#include "flow/warm_run.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "cache/url.h"
#include "ngx/sleep.h"
#include "ngx/text.h"

namespace edge::flow {

namespace {

using cache::Reason;
using shm::WarmJob;
using tier::Warmed;

// For a zone to know what was purged.
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
    : main_(main), plan_(std::move(plan)),
      batch_({plan_.list.urls.size(), plan_.list.concurrency,
              &WarmRun::begin_one, this})
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

ngx::Task WarmRun::warm(ngx::Flow &flow)
{
    for (unsigned i = 0; i < kPauses && is_any_zone_behind(); i++) {
        co_await ngx::Sleep(flow, kPause, ngx::Timer::Holds::nothing);
    }
    co_await batch_.run(flow);
    end();
}

// It keeps nothing, and has nothing to show, until it has read its log.
bool WarmRun::is_any_zone_behind() const
{
    return std::ranges::any_of(main_.zones, [](tier::Zone *zone) {
        return !zone->coherence().is_serving;
    });
}

Begun WarmRun::begin_one(void *run, std::size_t index)
{
    return static_cast<WarmRun *>(run)->begin(index);
}

Begun WarmRun::begin(std::size_t index)
{
    const std::string &text = plan_.list.urls[index];
    const auto url = cache::parse_url(text);
    if (!url || text.size() > cache::kMaxWarmUrl) {
        note_failure(index, Reason::uri_invalid);
        return Begun::no;
    }
    const Begun begun = start_warm(*url, index, settings_);
    if (begun == Begun::no) {
        note_failure(index, Reason::not_cached);
    }
    return begun;
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
    const Warmed outcome = outcome_of(request);
    if (outcome == Warmed::failed) {
        self->note_failure(index, request.reason);
    } else {
        self->zone().note_warmed(self->plan_.id, outcome, request.reason);
    }
    self->batch_.ended();
}

void WarmRun::end()
{
    has_ended_ = true;
    zone().end_warm(plan_.id, batch_.is_done() ? WarmJob::State::done
                                               : WarmJob::State::stopped);
    if (const auto job = zone().warm_job(plan_.id)) {
        log_end(*job, plan_);
    }
}

} // namespace edge::flow
