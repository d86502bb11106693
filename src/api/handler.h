// edge_api: the routes below its location.
#pragma once

#include <span>
#include <string_view>

#include "ngx/nginx.h"

namespace edge::api {

struct Route
{
    // What comes behind the location's name; of a path that ends in / anything
    // below it, too.
    std::string_view path;
    ngx_uint_t methods;
    std::string_view allow;
    ngx_int_t (*handle)(ngx_http_request_t *r);
};

std::string_view path_below_location(const ngx_http_request_t *r);

// Content handler. `others`: routes that are answered above the api.
ngx_int_t handle(ngx_http_request_t *r, std::span<const Route> others);

} // namespace edge::api
