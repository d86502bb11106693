#include "flow/primer.h"

#include <string>
#include <utility>

#include "cache/entry.h"
#include "flow/hot_requests.h"
#include "flow/own_route.h"
#include "ngx/cleanup.h"
#include "ngx/pool.h"
#include "ngx/random.h"
#include "ngx/sleep.h"

namespace edge::flow {

namespace {

using cache::Reason;

// Servers hear of a purge at once, and who has it from another need not fetch
// it; and a pipeline purges several things one after the other.
constexpr std::uint64_t kJitter = 200;

struct Visit
{
    Primer *primer;
    ngx_http_request_t *r;
};

// What was refused by nobody somebody else fetches.
shm::Counter &counter_of(const Request &request, shm::Counters &counters)
{
    if (request.is_stored) {
        return counters.primes_stored;
    }
    return request.hit || request.reason == Reason::none
               ? counters.primes_found
               : counters.primes_failed;
}

} // namespace

Primer::Primer(const conf::Prime &settings, tier::Zone &zone)
    : settings_(settings), zone_(zone)
{
    zone_.tell_of_soft_purges(&Primer::on_soft_purge, this);
}

Primer::~Primer()
{
    zone_.tell_of_soft_purges(nullptr, nullptr);
}

void Primer::on_soft_purge(void *primer)
{
    auto *self = static_cast<Primer *>(primer);
    self->is_due_ = true;
    if (!self->flow_.running()) {
        self->flow_.run(self->prime(self->flow_), &Primer::on_end, nullptr);
    }
}

ngx::Task Primer::prime(ngx::Flow &flow)
{
    while (is_due_ && !ngx_exiting) {
        const auto wait = kJitter / 2 + ngx::random_number() % kJitter;
        co_await ngx::Sleep(flow, Millis(static_cast<Millis::rep>(wait)),
                            ngx::Timer::Holds::nothing);
        is_due_ = false;
        stale_ = find_stale();
        batch_.emplace(BatchSettings{stale_.size(), settings_.concurrency,
                                     &Primer::begin_one, this});
        co_await batch_->run(flow);
    }
}

std::vector<Primer::Stale> Primer::find_stale() const
{
    std::vector<Stale> stale;
    for (const Hash128 &name : hot_requests()->by_count()) {
        if (stale.size() == settings_.most) {
            break;
        }
        if (hot_requests()->find(name)->zone != &zone_) {
            continue;
        }
        if (const auto response = stale_since(name)) {
            stale.push_back({name, *response});
        }
    }
    return stale;
}

// When it was received, if a soft purge has made it stale.
std::optional<WallTime> Primer::stale_since(const Hash128 &name) const
{
    const auto object = zone_.peek(name);
    if (!object) {
        return std::nullopt;
    }
    const auto decoded = cache::decode_head((*object)->head());
    const auto *entry = std::get_if<cache::Entry>(&decoded);
    const bool is_stale = entry != nullptr &&
                          zone_.judge(**object, *entry) == Reason::soft_purged;
    return is_stale ? std::optional(entry->times.response) : std::nullopt;
}

Begun Primer::begin_one(void *primer, std::size_t index)
{
    auto *self = static_cast<Primer *>(primer);
    const Begun begun = self->begin(self->stale_[index]);
    if (begun == Begun::no) {
        self->zone_.counters().primes_refused.add();
    }
    return begun;
}

// Its key has to come out as it is: flow/own_request sees to that.
Begun Primer::begin(const Stale &object)
{
    const HotRequest *hot = hot_requests()->find(object.name);
    if (hot == nullptr) {
        return Begun::no;
    }
    std::vector<http::Field> fields;
    for (const http::FormField &field : hot->fields) {
        fields.push_back({field.name, field.value});
    }
    auto led = lead(hot->entrance,
                    {"priming", hot->authority, hot->target, hot->tls, fields});
    if (const auto *begun = std::get_if<Begun>(&led)) {
        return *begun;
    }
    auto &detached = std::get<ngx::Detached>(led);
    ngx_http_request_t *r = detached.get();
    Request &request = make_request(r, conf::location(r));
    request.given.scheme = hot->tls ? "https" : "http";
    request.refresh = Refresh{hot->key, object.response};
    ngx::at_request_end<&Primer::on_request_end>(
        r, ngx::pool_new<Visit>(r->pool, this, r));
    start_own(std::move(detached));
    return Begun::yes;
}

// It has no log phase to be counted in.
void Primer::on_request_end(void *data)
{
    const Visit &visit = *static_cast<Visit *>(data);
    const Request &request = *ngx::pool_find<Request>(visit.r->pool);
    shm::Counters &counters = visit.primer->zone_.counters();
    counter_of(request, counters).add();
    counters.refuse(request.reason);
    visit.primer->batch_->ended();
}

} // namespace edge::flow
