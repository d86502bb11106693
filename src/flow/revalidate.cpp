#include "flow/revalidate.h"

#include <utility>

#include "cache/freshness.h"
#include "flow/fill_plan.h"
#include "flow/store.h"
#include "flow/stored_entry.h"
#include "flow/supersede.h"
#include "ngx/clock.h"
#include "ngx/headers.h"

namespace edge::flow {

namespace {

using cache::Reason;

// The stored one is no good any more.
void give_up(ngx_http_request_t *r, Request &request, Reason why)
{
    const std::uint16_t status = request.stale->entry.status;
    request.refuse(why);
    if (why == Reason::validator_mismatch) {
        forget_stored(r, request);
    } else {
        forget_outdated(r, request, status, why);
    }
    request.end_role(why, status);
}

void store_confirmed(ngx_http_request_t *r, Request &request)
{
    auto planned = plan_refresh(r, request);
    if (const auto *reason = std::get_if<Reason>(&planned)) {
        give_up(r, request, *reason);
        return;
    }
    FillPlan &plan = std::get<FillPlan>(planned);
    store_refresh(r, request, plan);
    request.stale->entry.times = plan.entry.times;
}

std::optional<std::uint64_t> told_length(const ngx_http_request_t *r)
{
    const off_t length = r->headers_out.content_length_n;
    return length < 0 ? std::nullopt
                      : std::optional(static_cast<std::uint64_t>(length));
}

} // namespace

cache::Condition question(const ngx_http_request_t *r, Request &request)
{
    if (!request.stale) {
        return {};
    }
    const Reason reason = judge(request, *request.stale);
    if (reason != Reason::none && reason != Reason::soft_purged) {
        request.stale.reset();
        return {};
    }
    cache::Condition asked;
    if (request.lcf.revalidate.value && r->method == NGX_HTTP_GET) {
        asked = condition(request.stale->entry);
    }
    request.is_conditional = !asked.empty();
    return asked;
}

bool is_confirmed(const ngx_http_request_t *r, const Request &request)
{
    return request.is_conditional && request.may_fill && request.stale &&
           r->err_status == 0 && r->upstream != nullptr &&
           r->upstream->headers_in.status_n == NGX_HTTP_NOT_MODIFIED &&
           r->headers_out.status == NGX_HTTP_NOT_MODIFIED;
}

void learn_from_head(ngx_http_request_t *r, Request &request)
{
    if (r->headers_out.status != NGX_HTTP_OK || !request.stale) {
        return;
    }
    const http::Fields head = ngx::origin_fields(r);
    if (!describes(head, told_length(r), request.stale->entry)) {
        forget_stored(r, request);
    } else if (!cache::condition(NGX_HTTP_OK, head).empty()) {
        store_confirmed(r, request);
    }
}

void confirm(ngx_http_request_t *r, Request &request)
{
    request.confirmed_fields = confirmed_fields(r, request);
    store_confirmed(r, request);
    request.may_fill = false;
    request.status = cache::Status::revalidated;
    if (!request.has_client()) {
        return;
    }
    request.hit.emplace(std::move(*request.stale));
    request.stale.reset();
    request.hit->entry.fields = cache::StringList(request.confirmed_fields);
    request.hit->age =
        current_age(request.hit->entry.times, ngx::wall_now());
}

} // namespace edge::flow
