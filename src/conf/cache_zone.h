// edge_cache_zone: the memory tier, and how it keeps in step with others.
#pragma once

#include "ngx/nginx.h"

namespace edge::conf {

struct Main;

// `conf` is a Main.
char *set_cache_zone(ngx_conf_t *cf, ngx_command_t *, void *conf);

// Once all directives have been read: every zone that is used was made, and
// every Redis that a zone names is there.
char *check_cache_zones(ngx_conf_t *cf, Main &mcf);

} // namespace edge::conf
