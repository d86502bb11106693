#include "flow/origin.h"

#include "flow/revalidate.h"
#include "ngx/clock.h"

namespace edge::flow {

bool has_been_answered(const ngx_http_request_t *r)
{
    return r->upstream != nullptr || r->err_status != 0;
}

void prepare_fill(ngx_http_request_t *r, Request &request)
{
    request.requested = ngx::wall_now();
    request.ticket = request.zone().ticket();
    request.hidden = hide_range_and_conditions(r, question(r, request));
    if (request.found_expired && request.status == cache::Status::miss) {
        request.status = cache::Status::expired;
    }
}

} // namespace edge::flow
