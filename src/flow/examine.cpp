#include "flow/examine.h"

#include "flow/unsafe_method.h"
#include "ngx/headers.h"
#include "ngx/text.h"
#include "ngx/value.h"

namespace edge::flow {

namespace {

using cache::Reason;

cache::RequestFacts facts_of(ngx_http_request_t *r, http::Fields fields)
{
    const bool has_body =
        r->headers_in.content_length_n > 0 || r->headers_in.chunked;
    return cache::request_facts(ngx::view(r->method_name), has_body, fields);
}

void count_ignored_wishes(Request &request)
{
    if (request.has_client() && !request.lcf.policy.client_control &&
        request.facts.control.has_wishes()) {
        request.zone().counters().client_control_ignored.add();
    }
}

} // namespace

Reason examine(ngx_http_request_t *r, Request &request)
{
    request.fields = ngx::fields(r->pool, r->headers_in.headers);
    request.facts = facts_of(r, request.fields);

    const Reason reason = admit(request.facts, request.lcf.policy);
    if (reason != Reason::none) {
        note_unsafe_method(r, request);
        return reason;
    }
    count_ignored_wishes(request);
    auto identified = identify(r, request.lcf, request.zone(), request.given);
    if (const auto *refused = std::get_if<Reason>(&identified)) {
        return *refused;
    }
    request.identity = std::get<Identity>(identified);
    return Reason::none;
}

Reason skips_lookup(ngx_http_request_t *r, const Request &request)
{
    if (ngx::any_true(r, request.lcf.bypass.value)) {
        return Reason::bypass_directive;
    }
    return request.lcf.client_control.value && request.facts.control.no_cache
               ? Reason::client_control
               : Reason::none;
}

} // namespace edge::flow
