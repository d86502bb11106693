// edge_api: the routes below its location.
#pragma once

#include <span>
#include <string_view>

#include "ngx/nginx.h"

namespace edge::api {

struct Route
{
    std::string_view path; // what comes behind the location's name
    ngx_uint_t methods;
    std::string_view allow;
    ngx_int_t (*handle)(ngx_http_request_t *r);
};

// Content handler. `others`: routes that are answered above the api.
ngx_int_t handle(ngx_http_request_t *r, std::span<const Route> others);

} // namespace edge::api
