// The body of a request to the api.
#pragma once

#include <optional>
#include <string>

#include "ngx/guard.h"
#include "ngx/nginx.h"

namespace edge::api {

// All of it, from memory and from the temporary file, once nginx has read it.
// Nullopt when it has more than `limit` bytes.
std::optional<std::string> read_body(ngx_http_request_t *r, std::size_t limit);

namespace detail {

template <auto Answer> void on_body(ngx_http_request_t *r)
{
    const ngx_int_t rc = ngx::guard<Answer, NGX_HTTP_INTERNAL_SERVER_ERROR>(r);
    if (rc != NGX_DONE) {
        ngx_http_finalize_request(r, rc);
    }
}

} // namespace detail

// For a content handler: the request is answered once nginx has read its body.
// `Answer` returns what it is finalized with, or NGX_DONE: whoever finalizes it
// later gives back the reference that reading took.
template <auto Answer> ngx_int_t answer_with_body(ngx_http_request_t *r)
{
    const ngx_int_t rc = ngx_http_read_client_request_body(
        r, ngx::guard<&detail::on_body<Answer>>);
    return rc >= NGX_HTTP_SPECIAL_RESPONSE ? rc : NGX_DONE;
}

} // namespace edge::api
