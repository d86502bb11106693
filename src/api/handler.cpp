#include "api/handler.h"

#include <algorithm>

#include "api/health.h"
#include "api/limits.h"
#include "api/metrics.h"
#include "api/purge.h"
#include "api/response.h"
#include "conf/location.h"
#include "conf/main.h"
#include "ngx/text.h"

namespace edge::api {

namespace {

ngx_int_t get_metrics(ngx_http_request_t *r)
{
    Answer answer;
    answer.type = "text/plain; version=0.0.4";
    answer.body = metrics(conf::main(r));
    return send(r, answer);
}

ngx_int_t get_health(ngx_http_request_t *r)
{
    ngx_str_t value;
    const bool strict =
        ngx_http_arg(r, ngx::bytes("strict"), 6, &value) == NGX_OK &&
        ngx::view(value) == "1";
    return send(r, health(conf::main(r), strict));
}

constexpr Route kRoutes[] = {
    {"metrics", NGX_HTTP_GET | NGX_HTTP_HEAD, "GET, HEAD", &get_metrics},
    {"health", NGX_HTTP_GET | NGX_HTTP_HEAD, "GET, HEAD", &get_health},
    {"limits", NGX_HTTP_GET | NGX_HTTP_DELETE, "GET, DELETE", &handle_limits},
    {"purge", NGX_HTTP_POST, "POST", &post_purge},
};

const Route *find(std::span<const Route> routes, std::string_view path)
{
    const auto found = std::ranges::find_if(routes, [path](const Route &route) {
        return route.path == path ||
               (route.path.ends_with('/') && path.starts_with(route.path));
    });
    return found == routes.end() ? nullptr : &*found;
}

} // namespace

std::string_view path_below_location(const ngx_http_request_t *r)
{
    const auto *clcf = static_cast<ngx_http_core_loc_conf_t *>(
        ngx_http_get_module_loc_conf(r, ngx_http_core_module));
    return ngx::view(r->uri).substr(clcf->name.len);
}

ngx_int_t handle(ngx_http_request_t *r, std::span<const Route> others)
{
    const std::string_view path = path_below_location(r);
    const Route *route = find(kRoutes, path);
    if (route == nullptr) {
        route = find(others, path);
    }
    if (route == nullptr) {
        return send_unread(r, problem(NGX_HTTP_NOT_FOUND,
                                      "There are metrics, health, limits, "
                                      "purge, explain and warm."));
    }
    if (r->method & route->methods) {
        return route->handle(r);
    }
    add_header(r, "Allow", route->allow);
    return send_unread(r,
                       problem(NGX_HTTP_NOT_ALLOWED,
                               "Allow says which methods are known here."));
}

} // namespace edge::api
