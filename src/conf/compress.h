// edge_cache_compress (docs/directives.md).
#pragma once

#include "ngx/nginx.h"

namespace edge::conf {

// nginx's signature for a directive, `conf` is a Location.
char *set_compress(ngx_conf_t *cf, ngx_command_t *, void *conf);

} // namespace edge::conf
