// The beginning and the end of a worker process, and what it inherits.
#pragma once

#include "ngx/nginx.h"

namespace edge::module {

// In the process that forks workers, once the configuration has been read.
ngx_int_t init_module(ngx_cycle_t *cycle);
ngx_int_t init_worker(ngx_cycle_t *cycle);
void exit_worker(ngx_cycle_t *cycle);

} // namespace edge::module
