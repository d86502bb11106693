#include "flow/preaccess.h"

#include "flow/limit_answer.h"
#include "flow/limit_check.h"
#include "flow/limit_query.h"
#include "flow/pending.h"
#include "flow/precontent.h"
#include "flow/request.h"
#include "ngx/route.h"

namespace edge::flow {

namespace {

constexpr auto kPoint = conf::LimitPoint::preaccess;

// Redis has been asked, if it was to be.
ngx_int_t conclude(ngx_http_request_t *r)
{
    return check_limits(r, conf::location(r), kPoint) == LimitVerdict::refuse
               ? refuse_before_access(r)
               : NGX_DECLINED;
}

// nginx has led a request of our own elsewhere: it has no client to check.
ngx_int_t skip_access(ngx_http_request_t *r)
{
    if (const auto place = ngx::phase_of(r, kOnPrecontent)) {
        r->phase_handler = *place - 1; // nginx goes to the next
    }
    return NGX_DECLINED;
}

} // namespace

ngx_int_t on_preaccess(ngx_http_request_t *r)
{
    if (r != r->main) {
        return NGX_DECLINED;
    }
    if (const Request *own = find_request(r); own != nullptr && own->is_own()) {
        return skip_access(r);
    }
    if (Pending *pending = find_pending(r);
        pending != nullptr && pending->has_resumed()) {
        return conclude(r);
    }
    if (check_limits(r, conf::location(r), kPoint) != LimitVerdict::ask_redis) {
        return conclude(r);
    }
    Pending &pending = make_pending(r);
    const ngx_int_t rc =
        pending.run(r, ask_redis_for_limits(pending.flow(), r, kPoint));
    return rc == NGX_AGAIN ? rc : conclude(r);
}

} // namespace edge::flow
