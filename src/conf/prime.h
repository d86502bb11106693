// edge_cache_prime: what is fetched again after a soft purge.
#pragma once

#include <cstdint>

#include "ngx/nginx.h"

namespace edge::conf {

struct Prime
{
    // Of the objects that were asked for most, in each worker; 0: none.
    std::uint32_t most = 0;
    // Of requests at a time.
    std::uint32_t concurrency = 4;
    bool set = false;
};

// `conf` is a Main.
char *set_prime(ngx_conf_t *cf, ngx_command_t *, void *conf);

} // namespace edge::conf
