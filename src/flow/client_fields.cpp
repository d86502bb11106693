#include "flow/client_fields.h"

#include <algorithm>
#include <vector>

#include "base/text.h"
#include "cache/freshness.h"
#include "cache/tags.h"
#include "flow/fill.h"
#include "http/cache_control.h"
#include "http/cache_status.h"
#include "http/connection.h"
#include "http/targeted.h"
#include "ngx/clock.h"
#include "ngx/headers.h"
#include "ngx/pool.h"
#include "ngx/text.h"

namespace edge::flow {

namespace {

using cache::Reason;
using cache::Status;

// RFC 9211 2.2, the most specific one.
std::string_view forward_reason(const Request &request)
{
    if (request.reason == Reason::method) {
        return "method";
    }
    if (request.reason == Reason::client_control) {
        return "request";
    }
    if (request.status == Status::bypass) {
        return "bypass";
    }
    if (request.found_expired) {
        return "stale";
    }
    if (request.found_unusable) {
        return "miss";
    }
    return request.variant ? "vary-miss" : "uri-miss";
}

http::CacheStatus cache_status(const Request &request)
{
    http::CacheStatus status;
    status.cache = "edge-cache";
    const cache::EntryTimes *times = nullptr;
    if (request.hit) {
        times = &request.hit->entry.times;
    }
    const bool is_hit = request.hit && request.substituted == 0 &&
                        !request.collapsed.value_or(false);
    if (is_hit) {
        status.detail = name(request.hit->tier);
    } else {
        status.forward = forward_reason(request);
        status.forward_status = request.substituted;
        status.collapsed = request.collapsed;
        status.stored = request.fill != nullptr ||
                        (request.status == Status::revalidated &&
                         request.reason == Reason::none);
        status.detail = name(request.reason);
        if (request.fill) {
            times = &request.fill->plan().entry.times;
        }
    }
    if (times != nullptr) {
        status.ttl = std::chrono::floor<Seconds>(
            remaining_lifetime(*times, ngx::wall_now()));
    }
    if (request.lcf.status_header.value == conf::StatusHeader::key &&
        request.identity) {
        status.key = request.identity->custom_key.empty()
                         ? request.identity->target
                         : request.identity->custom_key;
    }
    return status;
}

bool is_made_here(const ngx_http_request_t *r, const Request &request)
{
    return request.status == Status::none || r->err_status != 0 ||
           request.reason == Reason::error_page;
}

#if (NGX_HTTP_GZIP)
bool forbids_transform(ngx_http_request_t *r)
{
    bool forbidden = false;
    ngx::for_each(r->headers_out.headers, [&](const ngx_table_elt_t &line) {
        const http::Field field{ngx::view(line.key), ngx::view(line.value)};
        forbidden |= http::is_field(field, "Cache-Control") &&
                     http::parse_cache_control({&field, 1}).no_transform;
    });
    return forbidden;
}
#endif

} // namespace

void hide_own_fields(ngx_http_request_t *r, const conf::Location &lcf)
{
    std::vector<std::string_view> own;
    // Of a 101 nginx makes the same for its own hop.
    if (r->upstream != nullptr &&
        r->headers_out.status != NGX_HTTP_SWITCHING_PROTOCOLS) {
        own = http::connection_options(
            ngx::fields(r->pool, r->upstream->headers_in.headers));
    }
    own.push_back(http::kOwnTarget);
    ngx::for_each(r->headers_out.headers, [&](ngx_table_elt_t &line) {
        const std::string_view name = ngx::view(line.key);
        const bool is_hidden_tag =
            !lcf.show_tags.value && cache::is_tag_field(name);
        const bool is_own = std::ranges::any_of(own, [name](auto other) {
            return equals_ignore_case(name, other);
        });
        if (is_hidden_tag || is_own) {
            line.hash = 0;
        }
    });
}

void obey_no_transform([[maybe_unused]] ngx_http_request_t *r)
{
#if (NGX_HTTP_GZIP)
    if (r->headers_in.accept_encoding != nullptr && forbids_transform(r)) {
        r->gzip_tested = 1;
        r->gzip_ok = 0;
    }
#endif
}

void add_cache_status(ngx_http_request_t *r, const Request &request)
{
    if (request.lcf.status_header.value == conf::StatusHeader::off ||
        is_made_here(r, request)) {
        return;
    }
    const std::string member = serialize(cache_status(request));
    ngx::add_line(r->headers_out.headers, "Cache-Status",
                  ngx::pool_copy(r->pool, member));
}

} // namespace edge::flow
