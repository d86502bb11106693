#include "flow/fetch_limit.h"

#include "flow/stale.h"
#include "ngx/headers.h"

namespace edge::flow {

namespace {

using cache::Reason;

tier::FetchGroup group_of(const Request &request)
{
    const conf::FetchLimit &limit = request.lcf.fetch_limit.value;
    return {limit.group, limit.limit};
}

bool is_unlimited(const Request &request)
{
    return request.lcf.fetch_limit.value.limit == 0 || request.turn;
}

// Whoever waits in this worker came first.
bool try_take(Request &request)
{
    tier::Zone &zone = request.zone();
    const tier::FetchGroup group = group_of(request);
    if (!zone.fetch_waits(group.index).empty() || !zone.take_fetch(group)) {
        return false;
    }
    request.turn.emplace(zone, group.index);
    return true;
}

} // namespace

Turn take_own_turn(Request &request)
{
    if (is_unlimited(request) || try_take(request)) {
        return Turn::go;
    }
    if (request.warm && !request.has_waited_for_turn &&
        request.zone().may_wait()) {
        return Turn::wait;
    }
    request.refuse(Reason::fetch_limit);
    return Turn::refuse;
}

Turn take_turn(Request &request)
{
    if (is_unlimited(request)) {
        return Turn::go;
    }
    if (!request.has_waited_for_turn) {
        if (try_take(request)) {
            return Turn::go;
        }
        if (use_stale(request, cache::kStaleUpdating) ||
            use_stale(request, cache::kStaleError)) {
            return Turn::stale;
        }
        if (request.zone().may_wait()) {
            return Turn::wait;
        }
    }
    request.refuse(Reason::fetch_limit);
    shm::Counters &counters = request.zone().counters();
    if (request.lcf.fetch_limit.value.refuses) {
        counters.turns_refused.add();
        return Turn::refuse;
    }
    counters.turns_passed.add();
    return Turn::go;
}

ngx::Task wait_for_turn(ngx::Flow &flow, Request &request)
{
    request.has_waited_for_turn = true;
    tier::FetchWait wait(flow, request.zone(), group_of(request),
                         request.lcf.lock_timeout.value);
    std::optional<tier::FetchSlot> slot = co_await wait;
    if (slot) {
        request.turn.emplace(std::move(*slot));
        request.zone().counters().turns_waited.add();
    }
}

ngx_int_t refuse_busy(ngx_http_request_t *r, Request &request)
{
    request.may_fill = false;
    request.stale.reset(); // the origin has not failed
    request.end_role(Reason::fetch_limit, NGX_HTTP_SERVICE_UNAVAILABLE);
    ngx::add_line(r->headers_out.headers, "Retry-After", "1");
    return NGX_HTTP_SERVICE_UNAVAILABLE;
}

void end_turn_at_last(Request &request, const ngx_chain_t *in)
{
    for (; request.turn && in != nullptr; in = in->next) {
        if (in->buf->last_buf) {
            request.turn.reset();
        }
    }
}

} // namespace edge::flow
