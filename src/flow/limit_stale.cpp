#include "flow/limit_stale.h"

#include "cache/staleness.h"
#include "flow/request.h"
#include "flow/stale.h"

namespace edge::flow {

namespace {

bool allow_stale(const LimitRound &round)
{
    for (std::size_t i = 0; i < round.limits.size(); i++) {
        const AppliedLimit &limit = round.limits[i];
        if (round.denied(i) && !limit.dry_run && !limit.use->stale) {
            return false;
        }
    }
    return true;
}

} // namespace

bool use_stale_instead(ngx_http_request_t *r, const LimitRound &round)
{
    if (!allow_stale(round)) {
        return false;
    }
    Request *request = find_request(r);
    return request != nullptr && request->may_fill &&
           use_stale(*request, cache::kStaleNotAsked);
}

} // namespace edge::flow
