// edge_cache_warm_file: what is warmed up when nginx starts.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "ngx/nginx.h"

namespace edge::conf {

struct WarmFile
{
    std::string_view name; // as written; empty: there is none
    // Its lines but the empty ones and comments, whatever is in them.
    std::vector<std::string_view> urls;
    std::uint32_t concurrency = 0;
    // The same for the same lines, never 0.
    std::uint64_t hash = 0;
};

// concurrency=N: of requests at a time.
char *set_concurrency(ngx_conf_t *cf, std::string_view word,
                      std::uint32_t &concurrency);

// `conf` is a Main.
char *set_warm_file(ngx_conf_t *cf, ngx_command_t *, void *conf);

} // namespace edge::conf
