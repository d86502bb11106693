// What the http level says: zones, Redis, limits, labels.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "conf/prime.h"
#include "conf/warm_file.h"
#include "conf/warm_start.h"
#include "ngx/nginx.h"
#include "ngx/server_names.h"

namespace edge::client {
struct RedisConfig;
}
namespace edge::tier {
class LimitZone;
class Zone;
}

namespace edge::conf {

struct Main
{
    std::vector<tier::Zone *> zones;
    std::vector<tier::LimitZone *> limit_zones;
    std::vector<client::RedisConfig *> redis;
    std::vector<std::string_view> labels;
    // What edge_cache_fetch_limit counts together.
    std::vector<std::string_view> fetch_groups;

    // edge_cache_instance; empty: the host's name.
    std::string_view instance;

    // Bytes of unfinished fills that one worker may hold.
    std::uint64_t fill_memory = 64 * 1024 * 1024;
    bool fill_memory_set = false;

    // Requests of one worker and zone that may wait for another's answer.
    std::size_t max_waits = 10'000;
    bool max_waits_set = false;

    WarmFile warm_file;
    Prime prime;
    WarmStart warm_start;
    // Of all servers, set in postconfiguration.
    ngx::ServerNames server_names;

    // The zone of that name. A location may use it before edge_cache_zone
    // makes it, so whether it was made is checked at the end.
    tier::Zone *zone(ngx_conf_t *cf, std::string_view name);

    // The same for edge_limit and edge_limit_zone.
    tier::LimitZone *limit_zone(ngx_conf_t *cf, std::string_view name);

    // Null when there is no such block (yet).
    client::RedisConfig *find_redis(std::string_view name) const;

    // Index of a label in `labels`, which holds each once.
    std::size_t label(std::string_view name);
};

void *create_main(ngx_conf_t *cf);
char *init_main(ngx_conf_t *cf, void *conf);

Main &main(ngx_conf_t *cf);

inline Main &main(ngx_http_request_t *r)
{
    return *static_cast<Main *>(
        ngx_http_get_module_main_conf(r, ngx_http_edge_cache_module));
}

// The main configuration of a cycle; null when it has no http block.
Main *main(ngx_cycle_t *cycle);

// edge_cache_fill_memory, edge_cache_lock_waits, edge_cache_instance: `conf` is
// a Main.
char *set_fill_memory(ngx_conf_t *cf, ngx_command_t *, void *conf);
char *set_lock_waits(ngx_conf_t *cf, ngx_command_t *, void *conf);
char *set_instance(ngx_conf_t *cf, ngx_command_t *, void *conf);

} // namespace edge::conf
