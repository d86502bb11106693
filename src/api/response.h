// What the api answers with.
#pragma once

#include <string>
#include <string_view>

#include "ngx/nginx.h"

namespace edge::api {

struct Answer
{
    ngx_uint_t status = NGX_HTTP_OK;
    std::string_view type = "application/json";
    std::string body;
};

// An error (RFC 9457): `detail` is a sentence that says what to do.
Answer problem(ngx_uint_t status, std::string_view detail);

// Nothing here is ever cached on its way.
ngx_int_t send(ngx_http_request_t *r, const Answer &answer);

// The same where nobody has read the request's body, nor will.
ngx_int_t send_unread(ngx_http_request_t *r, const Answer &answer);

void add_header(ngx_http_request_t *r, std::string_view name,
                std::string_view value);

} // namespace edge::api
