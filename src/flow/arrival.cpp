#include "flow/arrival.h"

#include <string>

#include "cache/freshness.h"
#include "cache/staleness.h"
#include "flow/client_abort.h"
#include "flow/coding.h"
#include "flow/draft.h"
#include "ngx/clock.h"

namespace edge::flow {

namespace {

// A client whose leaving ends the fill would end the answers of all others.
bool goes_on_without_client(const ngx_http_request_t *r, const Request &request)
{
    if (request.is_own()) {
        return true;
    }
#if (NGX_HTTP_V3)
    if (r->http_version == NGX_HTTP_VERSION_30) {
        return false;
    }
#endif
    return r->upstream != nullptr &&
           request.lcf.ignore_client_abort.value.has_value();
}

bool may_arrive(const ngx_http_request_t *r, const Request &request)
{
    const FillPlan &plan = request.fill->plan();
    return request.role && request.role->leads() &&
           plan.expected_size.value_or(0) <= plan.max_size &&
           remaining_lifetime(plan.entry.times, ngx::wall_now()) > Millis(0) &&
           goes_on_without_client(r, request);
}

bool is_whole(const ngx_chain_t *in, std::optional<std::uint64_t> expected)
{
    std::uint64_t size = 0;
    for (; in != nullptr; in = in->next) {
        if (in->buf->last_buf) {
            return true;
        }
        size += static_cast<std::uint64_t>(ngx_buf_size(in->buf));
    }
    return expected && size >= *expected;
}

} // namespace

void begin_arrival(ngx_http_request_t *r, Request &request,
                   const ngx_chain_t *in)
{
    Fill &fill = *request.fill;
    const auto expected = fill.plan().expected_size;
    if (!may_arrive(r, request) || is_whole(in, expected)) {
        return;
    }
    Draft draft(r, request, fill.plan(), expected.value_or(0));
    tier::Zone &zone = request.zone();
    if (!draft.is_named() ||
        zone.keep_time(draft.entry(), request.lcf.settle.value) ||
        !fill.claim_whole()) {
        return;
    }
    // What is packed is read as it came, and who reads is told what its first
    // client was.
    std::string fields;
    if (fill.packs()) {
        fields = announce_forms(fill.plan().fields);
        draft.entry().fields = cache::StringList(fields);
    }
    const auto memory = zone.begin_arrival(
        request.role->fill(),
        {draft.name(), draft.entry(), expected.has_value(),
         draft.vary_record(), keep_time(draft.entry(), request.lcf.policy)});
    if (memory) {
        fill.begin_arrival(zone, request.role->fill(), *memory);
        watch_sending(r, request);
    }
}

} // namespace edge::flow
