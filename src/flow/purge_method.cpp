#include "flow/purge_method.h"

#include "api/purge.h"
#include "api/response.h"
#include "flow/identity.h"
#include "flow/request.h"
#include "ngx/text.h"

namespace edge::flow {

namespace {

invalidate::PurgeMode mode_of(const Request &request)
{
    bool is_soft = false;
    http::for_each_value(request.fields, "Edge-Purge",
                         [&is_soft](std::string_view value) {
                             is_soft |= value == "soft";
                         });
    return is_soft ? invalidate::PurgeMode::soft : invalidate::PurgeMode::hard;
}

// With edge_cache_key that is what finds the answer, whatever the URL.
invalidate::PurgeRequest purge_of(const Request &request,
                                  const Identity &identity)
{
    invalidate::PurgeRequest purge;
    purge.mode = mode_of(request);
    if (request.lcf.tenant.value != nullptr) {
        purge.tenant = identity.tenant;
    }
    purge.selectors = {invalidate::select_url(
        identity.scheme, identity.authority, identity.target)};
    if (!identity.custom_key.empty()) {
        purge.selectors.push_back(invalidate::select_key(identity.custom_key));
    }
    purge.what.append("url=").append(identity.scheme).append("://");
    purge.what.append(identity.authority).append(identity.target);
    return purge;
}

} // namespace

bool is_purge_method(ngx_http_request_t *r, const conf::Location &lcf)
{
    return lcf.zone.value != nullptr && lcf.purge.value != nullptr &&
           ngx::view(r->method_name) == "PURGE";
}

ngx_int_t answer_purge_method(ngx_http_request_t *r)
{
    Request &request = *find_request(r);
    const std::string allowed(ngx::evaluate(r, *request.lcf.purge.value));
    if (allowed.empty() || allowed == "0") {
        return api::send(r, api::problem(NGX_HTTP_FORBIDDEN,
                                         "edge_cache_purge of this location "
                                         "does not allow this request."));
    }
    auto identified = identify(r, request.lcf, request.zone());
    if (const auto *reason = std::get_if<cache::Reason>(&identified)) {
        return api::send(r, api::problem(NGX_HTTP_BAD_REQUEST,
                                         "Nothing is stored for such a "
                                         "request: " +
                                             std::string(name(*reason)) + "."));
    }
    return api::purge_object(
        r, request.zone(), purge_of(request, std::get<Identity>(identified)));
}

} // namespace edge::flow
