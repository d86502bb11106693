// The directives that say what limits a location has (docs/directives.md).
#pragma once

#include "ngx/nginx.h"

namespace edge::conf {

struct Location;

// All of them: `conf` is a Location.
char *set_limit(ngx_conf_t *cf, ngx_command_t *, void *conf);
char *set_limit_status(ngx_conf_t *cf, ngx_command_t *, void *conf);
char *set_limit_headers(ngx_conf_t *cf, ngx_command_t *, void *conf);
char *set_limit_body(ngx_conf_t *cf, ngx_command_t *, void *conf);
char *set_limit_fallback(ngx_conf_t *cf, ngx_command_t *, void *conf);
char *set_limit_log_level(ngx_conf_t *cf, ngx_command_t *, void *conf);

// The limits of one level, inherited ones included, once all directives have
// been read and check_limit_zones() has passed.
char *check_limits(ngx_conf_t *cf, const Location &lcf);

} // namespace edge::conf
