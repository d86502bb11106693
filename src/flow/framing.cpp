#include "flow/framing.h"

#include <string_view>

#include "ngx/text.h"

namespace edge::flow {

namespace {

bool is_fastcgi(const ngx_http_upstream_t *upstream)
{
    return ngx::view(upstream->schema) == "fastcgi://";
}

bool is_grpc(const ngx_http_upstream_t *upstream)
{
    return ngx::view(upstream->schema).starts_with("grpc");
}

} // namespace

bool is_close_delimited(const ngx_http_request_t *r)
{
    const ngx_http_upstream_t *upstream = r->upstream;
    return upstream != nullptr && !is_fastcgi(upstream) &&
           !is_grpc(upstream) && upstream->headers_in.content_length_n < 0 &&
           !upstream->headers_in.chunked &&
           r->headers_out.status != NGX_HTTP_NO_CONTENT;
}

// Without keep_conn nginx takes the end of a FastCGI connection for the end of
// the answer, whether the application has said so or not.
bool has_ended(const ngx_http_request_t *r)
{
    const ngx_http_upstream_t *upstream = r->upstream;
    if (upstream == nullptr || !is_fastcgi(upstream) ||
        upstream->headers_in.content_length_n >= 0) {
        return true;
    }
    return upstream->buffering ? upstream->pipe->upstream_done
                               : upstream->length == 0;
}

} // namespace edge::flow
