// edge_cache_warm_start: what memory takes from Redis when nginx starts.
#pragma once

#include <cstdint>

#include "base/time.h"
#include "ngx/nginx.h"

namespace edge::conf {

struct WarmStart
{
    // Objects of each zone, those that are asked for most; 0: none.
    std::uint32_t most = 0;
    // How often Redis is told which these are.
    Millis every{60 * 1000};
    bool set = false;
};

struct Main;

// When the zones are known: one of them has to be in Redis.
char *check_warm_start(ngx_conf_t *cf, const Main &mcf);

// `conf` is a Main.
char *set_warm_start(ngx_conf_t *cf, ngx_command_t *, void *conf);

} // namespace edge::conf
