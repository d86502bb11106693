// What clients see of a response differs from what the origin sent.
#pragma once

#include "ngx/nginx.h"

namespace edge::flow {

// Takes out what the origin said to this cache alone: Edge-Cache-Control.
void hide_own_fields(ngx_http_request_t *r);

} // namespace edge::flow
