// $edge_cache_..., $edge_limit_... and $edge_header_NAME.
#pragma once

#include "ngx/nginx.h"

namespace edge::module {

// Preconfiguration.
ngx_int_t add_variables(ngx_conf_t *cf);

} // namespace edge::module
