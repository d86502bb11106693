#include "conf/main.h"

#include <algorithm>

#include "client/config.h"
#include "conf/arguments.h"
#include "conf/cache_zone.h"
#include "conf/limit_zone.h"
#include "conf/redis_servers.h"
#include "ngx/pool.h"
#include "tier/limit_zone.h"
#include "tier/zone.h"

namespace edge::conf {

namespace {

template <typename Zone>
Zone *find_or_make(ngx_conf_t *cf, std::vector<Zone *> &zones,
                   std::string_view name)
{
    for (Zone *zone : zones) {
        if (zone->settings.name == name) {
            return zone;
        }
    }
    auto *zone = ngx::pool_new<Zone>(cf->pool);
    zone->settings.name = name;
    zones.push_back(zone);
    return zone;
}

} // namespace

tier::Zone *Main::zone(ngx_conf_t *cf, std::string_view name)
{
    return find_or_make(cf, zones, name);
}

tier::LimitZone *Main::limit_zone(ngx_conf_t *cf, std::string_view name)
{
    return find_or_make(cf, limit_zones, name);
}

client::RedisConfig *Main::find_redis(std::string_view name) const
{
    const auto found = std::ranges::find_if(
        redis, [name](const auto *config) { return config->name == name; });
    return found != redis.end() ? *found : nullptr;
}

std::size_t Main::label(std::string_view name)
{
    const auto found = std::find(labels.begin(), labels.end(), name);
    if (found != labels.end()) {
        return static_cast<std::size_t>(found - labels.begin());
    }
    labels.push_back(name);
    return labels.size() - 1;
}

void *create_main(ngx_conf_t *cf)
{
    return ngx::pool_new<Main>(cf->pool);
}

// Blocks may stand in any order, so names are looked up at the end.
char *init_main(ngx_conf_t *cf, void *conf)
{
    Main &mcf = *static_cast<Main *>(conf);
    for (client::RedisConfig *redis : mcf.redis) {
        if (char *error = resolve_servers(cf, *redis)) {
            return error;
        }
    }
    for (const auto check :
         {&check_cache_zones, &check_limit_zones}) {
        if (char *error = check(cf, mcf)) {
            return error;
        }
    }
    return check_warm_start(cf, mcf);
}

Main &main(ngx_conf_t *cf)
{
    return *static_cast<Main *>(
        ngx_http_conf_get_module_main_conf(cf, ngx_http_edge_cache_module));
}

Main *main(ngx_cycle_t *cycle)
{
    return static_cast<Main *>(
        ngx_http_cycle_get_module_main_conf(cycle, ngx_http_edge_cache_module));
}

char *set_fill_memory(ngx_conf_t *cf, ngx_command_t *, void *conf)
{
    Main &mcf = *static_cast<Main *>(conf);
    if (mcf.fill_memory_set) {
        return duplicate();
    }
    const std::string_view word = ngx::view(arguments(cf)[0]);
    const auto bytes = parse_size(word);
    if (!bytes || *bytes == 0) {
        return refuse(cf, word, "write a size, such as 64m");
    }
    mcf.fill_memory = *bytes;
    mcf.fill_memory_set = true;
    return NGX_CONF_OK;
}

char *set_lock_waits(ngx_conf_t *cf, ngx_command_t *, void *conf)
{
    Main &mcf = *static_cast<Main *>(conf);
    if (mcf.max_waits_set) {
        return duplicate();
    }
    const std::string_view word = ngx::view(arguments(cf)[0]);
    constexpr std::uint64_t most = 1u << 20;
    const auto number = parse_decimal(word, most + 1);
    if (!number || *number > most) {
        return refuse(cf, word, "write a number from 0 to 1048576");
    }
    mcf.max_waits = static_cast<std::size_t>(*number);
    mcf.max_waits_set = true;
    return NGX_CONF_OK;
}

char *set_instance(ngx_conf_t *cf, ngx_command_t *, void *conf)
{
    Main &mcf = *static_cast<Main *>(conf);
    if (!mcf.instance.empty()) {
        return duplicate();
    }
    const std::string_view name = ngx::view(arguments(cf)[0]);
    if (name.empty() || name.size() > 64 || has_control_bytes(name)) {
        return refuse(cf, name, "write a name of 1 to 64 characters");
    }
    mcf.instance = name;
    return NGX_CONF_OK;
}

} // namespace edge::conf
