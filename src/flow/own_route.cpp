#include "flow/own_route.h"

#include <utility>

#include "flow/precontent.h"

namespace edge::flow {

namespace {

// However slowly the origin sends.
constexpr Millis kLongest{300'000};

} // namespace

bool can_fill(const conf::Location &lcf)
{
    return lcf.zone.value != nullptr && !lcf.shadow.value;
}

std::variant<ngx::Detached, Begun> lead(const ngx::Entrance &entrance,
                                        const ngx::Asked &asked)
{
    ngx::Detached detached = ngx::make_detached(ngx::this_host(), entrance);
    if (detached == nullptr) {
        return Begun::no_room;
    }
    ngx_http_request_t *r = detached.get();
    const ngx::Routed routed = ngx::route(r, asked);
    const auto place = ngx::phase_of(r, kOnPrecontent);
    if (routed != ngx::Routed::location || !can_fill(conf::location(r)) ||
        !place) {
        return Begun::no;
    }
    ngx::go_on_from(r, *place);
    return detached;
}

void start_own(ngx::Detached request)
{
    ngx::start_detached(std::move(request), ngx_http_core_run_phases, kLongest);
}

} // namespace edge::flow
