#include "flow/hit.h"

#include "base/text.h"
#include "cache/revalidation.h"
#include "flow/coding.h"
#include "flow/hit_age.h"
#include "flow/replay.h"
#include "http/conditional.h"
#include "ngx/chain.h"
#include "ngx/clock.h"
#include "ngx/headers.h"
#include "ngx/pool.h"
#include "ngx/text.h"

namespace edge::flow {

namespace {

// Only GET, HEAD and QUERY ask for a 304 by them (RFC 9110 13.1.2).
bool is_conditional(const ngx_http_request_t *r)
{
    return r->method != NGX_HTTP_POST &&
           (r->headers_in.if_none_match || r->headers_in.if_modified_since);
}

// RFC 9110 15.4.5: what the client has stays as it is, so nothing that
// describes a body is sent. Last-Modified is for who has no entity-tag.
void make_not_modified(ngx_http_request_t *r)
{
    ngx_http_headers_out_t &out = r->headers_out;
    out.status = NGX_HTTP_NOT_MODIFIED;
    ngx_str_null(&out.content_type);
    ngx_http_clear_content_length(r);
    ngx_http_clear_accept_ranges(r);
    out.content_encoding = nullptr;
    ngx::for_each(out.headers, [](ngx_table_elt_t &line) {
        const std::string_view name = ngx::view(line.key);
        if (equals_ignore_case(name, "Content-Encoding") ||
            equals_ignore_case(name, "Content-Language")) {
            line.hash = 0;
        }
    });
    if (out.etag != nullptr) {
        ngx_http_clear_last_modified(r);
    }
}

// nginx's range filter makes the parts, we decide whether it may: only for
// GET (RFC 9110 14.2), and If-Range compares strongly.
void allow_ranges(ngx_http_request_t *r, http::Fields request, const Hit &hit)
{
    r->allow_ranges = !hit.is_packed() && r->headers_out.status == NGX_HTTP_OK;
    if (r->headers_in.range == nullptr) {
        return;
    }
    if (r->method != NGX_HTTP_GET ||
        !if_range_holds(request, validators(hit.entry), ngx::wall_now())) {
        r->headers_in.range = nullptr;
    }
    r->headers_in.if_range = nullptr;
}

bool wants_several_ranges(const ngx_http_request_t *r)
{
    const ngx_table_elt_t *range = r->headers_in.range;
    return range != nullptr &&
           ngx::view(range->value).find(',') != std::string_view::npos;
}

// The range filter cuts several ranges out of one buffer only.
std::string_view contiguous(ngx_http_request_t *r, const Hit &hit)
{
    if (hit.identity) {
        return *hit.identity;
    }
    const auto size = static_cast<std::size_t>(hit.entry.body_size);
    auto *copy = static_cast<u_char *>(ngx::allocate(r->pool, size + 1));
    u_char *end = copy;
    hit.for_each_piece([&](std::string_view piece) {
        end = ngx_cpymem(end, piece.data(), piece.size());
    });
    return {reinterpret_cast<char *>(copy), size};
}

// At least one buffer, the last of which ends the response.
ngx_chain_t *end_body(ngx::Chain &body)
{
    if (body.last() == nullptr) {
        body.append({});
    }
    body.last()->last_buf = 1;
    body.last()->last_in_chain = 1;
    return body.link();
}

} // namespace

ngx_chain_t *make_body(ngx_http_request_t *r, const Hit &hit)
{
    ngx::Chain body(r->pool);
    if (wants_several_ranges(r)) {
        body.append(contiguous(r, hit));
    } else {
        hit.for_each_piece([&](auto piece) { body.append(piece); });
    }
    r->single_range = body.size() > 1;
    return end_body(body);
}

void make_header(ngx_http_request_t *r, const Request &request)
{
    const cache::Entry &entry = request.hit->entry;
    replay(r, entry);
    describe_form(r, *request.hit);
    tell_age(r, request.lcf, *request.hit);
    if (!request.hit->has_size()) {
        ngx_http_clear_content_length(r);
    }

    // Ours by RFC 9110 13.2.2; nginx's own filter wants every condition met.
    r->disable_not_modified = 1;
    if (is_conditional(r) && is_not_modified(request.fields, validators(entry),
                                             ngx::wall_now())) {
        make_not_modified(r);
    }
}

ngx_int_t send_hit_header(ngx_http_request_t *r, const Request &request)
{
    if (const ngx_int_t rc = ngx_http_discard_request_body(r); rc != NGX_OK) {
        return rc;
    }

    make_header(r, request);
    allow_ranges(r, request.fields, *request.hit);

    const ngx_int_t rc = ngx_http_send_header(r);
    if (rc == NGX_HTTP_RANGE_NOT_SATISFIABLE) {
        forget_replayed(r);
    }
    return rc;
}

ngx_int_t send_hit(ngx_http_request_t *r)
{
    const Request &request = *find_request(r);
    const ngx_int_t rc = send_hit_header(r, request);
    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }
    return ngx_http_output_filter(r, make_body(r, *request.hit));
}

} // namespace edge::flow
