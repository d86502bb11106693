#include "flow/warm_request.h"

#include "flow/own_route.h"
#include "ngx/cleanup.h"
#include "ngx/listeners.h"
#include "ngx/pool.h"

namespace edge::flow {

namespace {

struct Visit
{
    ngx_http_request_t *r;
    const WarmSettings *settings;
    std::size_t index;
};

shm::Counter &counter_of(shm::Counters &counters, tier::Warmed outcome)
{
    switch (outcome) {
    case tier::Warmed::stored:
        return counters.warmed_stored;
    case tier::Warmed::found:
        return counters.warmed_found;
    case tier::Warmed::failed:
        break;
    }
    return counters.warmed_failed;
}

// It has no log phase to be counted in. A redirect may have made another state
// of it than the first one.
void end(void *data)
{
    const Visit &visit = *static_cast<Visit *>(data);
    Request &request = *ngx::pool_find<Request>(visit.r->pool);
    const tier::Warmed outcome = outcome_of(request);
    if (outcome == tier::Warmed::failed) {
        request.refuse(cache::Reason::truncated);
    }
    shm::Counters &counters = request.zone().counters();
    counter_of(counters, outcome).add();
    counters.refuse(request.reason);
    visit.settings->over(visit.settings->data, visit.index, request);
}

void prepare(ngx_http_request_t *r, const cache::Url &url,
             const WarmSettings &settings)
{
    Request &request = make_request(r, conf::location(r));
    request.given.scheme = url.tls ? "https" : "http";
    request.warm = Warm{settings.tenant};
}

} // namespace

bool is_for_its_tenant(const Request &request)
{
    const auto &tenant = request.warm->tenant;
    return !tenant || (request.lcf.tenant.value != nullptr &&
                       request.identity->tenant == *tenant);
}

Begun start_warm(const cache::Url &url, std::size_t index,
                 const WarmSettings &settings)
{
    const auto entrance = ngx::find_entrance({url.tls, url.host, url.port});
    if (!entrance ||
        !settings.main->server_names.include(*entrance, url.host)) {
        return Begun::no;
    }
    auto led = lead(*entrance, {"warming", url.authority, url.target, url.tls,
                                settings.fields});
    if (const auto *begun = std::get_if<Begun>(&led)) {
        return *begun;
    }
    auto &detached = std::get<ngx::Detached>(led);
    ngx_http_request_t *r = detached.get();
    prepare(r, url, settings);
    ngx::at_request_end<&end>(
        r, ngx::pool_new<Visit>(r->pool, r, &settings, index));
    start_own(std::move(detached));
    return Begun::yes;
}

tier::Warmed outcome_of(const Request &request)
{
    if (request.is_stored) {
        return tier::Warmed::stored;
    }
    return request.hit ? tier::Warmed::found : tier::Warmed::failed;
}

} // namespace edge::flow
