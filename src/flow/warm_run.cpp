#include "flow/warm_run.h"

#include <algorithm>
#include <utility>

#include "cache/url.h"
#include "flow/warm_log.h"
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

} // namespace

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
        log_warm_end(*job, {plan_.who, "URLs"});
    }
}

} // namespace edge::flow
