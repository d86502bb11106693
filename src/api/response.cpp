#include "api/response.h"

#include "api/json.h"
#include "ngx/headers.h"
#include "ngx/pool.h"
#include "ngx/text.h"

namespace edge::api {

namespace {

std::string_view title(ngx_uint_t status)
{
    switch (status) {
    case NGX_HTTP_BAD_REQUEST:
        return "Bad Request";
    case NGX_HTTP_UNAUTHORIZED:
        return "Unauthorized";
    case NGX_HTTP_FORBIDDEN:
        return "Forbidden";
    case NGX_HTTP_NOT_FOUND:
        return "Not Found";
    case NGX_HTTP_NOT_ALLOWED:
        return "Method Not Allowed";
    case NGX_HTTP_REQUEST_ENTITY_TOO_LARGE:
        return "Content Too Large";
    case NGX_HTTP_TOO_MANY_REQUESTS:
        return "Too Many Requests";
    case NGX_HTTP_SERVICE_UNAVAILABLE:
        return "Service Unavailable";
    default:
        return "Error";
    }
}

ngx_chain_t make_chain(ngx_http_request_t *r, std::string_view body)
{
    const std::string_view copy = ngx::pool_copy(r->pool, body);
    auto *buffer = ngx::pool_new<ngx_buf_t>(r->pool);
    buffer->pos = buffer->start = ngx::bytes(copy);
    buffer->last = buffer->end = buffer->pos + copy.size();
    buffer->memory = !copy.empty();
    buffer->last_buf = 1;
    buffer->last_in_chain = 1;
    return {buffer, nullptr};
}

} // namespace

Answer problem(ngx_uint_t status, std::string_view detail)
{
    Json body;
    body["type"] = "about:blank";
    body["title"] = title(status);
    body["status"] = status;
    body["detail"] = detail;
    return {status, "application/problem+json", to_text(body)};
}

void add_header(ngx_http_request_t *r, std::string_view name,
                std::string_view value)
{
    ngx::add_line(r->headers_out.headers, ngx::pool_copy(r->pool, name),
                  ngx::pool_copy(r->pool, value));
}

ngx_int_t send(ngx_http_request_t *r, const Answer &answer)
{
    r->headers_out.status = answer.status;
    r->headers_out.content_length_n = static_cast<off_t>(answer.body.size());
    r->headers_out.content_type =
        ngx::str(ngx::pool_copy(r->pool, answer.type));
    r->headers_out.content_type_len = answer.type.size();
    add_header(r, "Cache-Control", "no-store");

    const ngx_int_t rc = ngx_http_send_header(r);
    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }
    ngx_chain_t body = make_chain(r, answer.body);
    return ngx_http_output_filter(r, &body);
}

ngx_int_t send_unread(ngx_http_request_t *r, const Answer &answer)
{
    const ngx_int_t rc = ngx_http_discard_request_body(r);
    return rc == NGX_OK ? send(r, answer) : rc;
}

} // namespace edge::api
