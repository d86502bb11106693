// The directives about stale answers (docs/directives.md).
#pragma once

#include "ngx/nginx.h"

namespace edge::conf {

// nginx's signature for a directive, `conf` is a Location.
char *set_use_stale(ngx_conf_t *cf, ngx_command_t *, void *conf);
char *set_stale_s_maxage(ngx_conf_t *cf, ngx_command_t *, void *conf);

} // namespace edge::conf
