// Limits that are charged for what an answer turned out to cost.
#pragma once

#include "ngx/nginx.h"

namespace edge::flow {

// LOG, for every main request. Who was refused pays nothing.
void charge_for_answer(ngx_http_request_t *r);

} // namespace edge::flow
