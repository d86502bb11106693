// The directives that say for how long (docs/directives.md).
#pragma once

#include "ngx/nginx.h"

namespace edge::conf {

// All of them: nginx's signature for a directive, `conf` is a Location.
char *set_valid(ngx_conf_t *cf, ngx_command_t *, void *conf);
char *set_heuristic(ngx_conf_t *cf, ngx_command_t *, void *conf);
char *set_early_refresh(ngx_conf_t *cf, ngx_command_t *, void *conf);
char *set_ttl_jitter(ngx_conf_t *cf, ngx_command_t *, void *conf);

} // namespace edge::conf
