// edge_limit_zone: what is counted, and at which rate.
#pragma once

#include "ngx/nginx.h"

namespace edge::conf {

struct Main;

// `conf` is a Main.
char *set_limit_zone(ngx_conf_t *cf, ngx_command_t *, void *conf);

// Once all directives have been read: every zone that is used was made, and
// every Redis that a zone names is there.
char *check_limit_zones(ngx_conf_t *cf, Main &mcf);

} // namespace edge::conf
