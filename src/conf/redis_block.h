// edge_redis NAME { ... }
#pragma once

#include "ngx/nginx.h"

namespace edge::conf {

// `conf` is a Main.
char *set_redis(ngx_conf_t *cf, ngx_command_t *, void *conf);

} // namespace edge::conf
