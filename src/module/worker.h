// The beginning and the end of a worker process.
#pragma once

#include "ngx/nginx.h"

namespace edge::module {

ngx_int_t init_worker(ngx_cycle_t *cycle);
void exit_worker(ngx_cycle_t *cycle);

} // namespace edge::module
