// edge_cache_settle (docs/directives.md).
#pragma once

#include "ngx/nginx.h"

namespace edge::conf {

char *set_settle(ngx_conf_t *cf, ngx_command_t *, void *conf);

} // namespace edge::conf
