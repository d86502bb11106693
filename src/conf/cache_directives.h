// The directives that say what a location caches (docs/directives.md).
#pragma once

#include "ngx/nginx.h"

namespace edge::conf {

// All of them: nginx's signature for a directive, `conf` is a Location.
char *set_cache(ngx_conf_t *cf, ngx_command_t *, void *conf);
char *set_ignore_headers(ngx_conf_t *cf, ngx_command_t *, void *conf);
char *set_drop_headers(ngx_conf_t *cf, ngx_command_t *, void *conf);
char *set_methods(ngx_conf_t *cf, ngx_command_t *, void *conf);
char *set_vary(ngx_conf_t *cf, ngx_command_t *, void *conf);
char *set_authorization(ngx_conf_t *cf, ngx_command_t *, void *conf);
char *set_cookies(ngx_conf_t *cf, ngx_command_t *, void *conf);
char *set_set_cookie(ngx_conf_t *cf, ngx_command_t *, void *conf);
char *set_query(ngx_conf_t *cf, ngx_command_t *, void *conf);
char *set_status_header(ngx_conf_t *cf, ngx_command_t *, void *conf);
char *set_ignore_client_abort(ngx_conf_t *cf, ngx_command_t *, void *conf);
char *set_invalidate(ngx_conf_t *cf, ngx_command_t *, void *conf);
char *set_max_size(ngx_conf_t *cf, ngx_command_t *, void *conf);
char *set_min_uses(ngx_conf_t *cf, ngx_command_t *, void *conf);
char *set_label(ngx_conf_t *cf, ngx_command_t *, void *conf);

} // namespace edge::conf
