#include "conf/main.h"

#include <algorithm>

#include "client/config.h"
#include "conf/arguments.h"
#include "conf/limit_zone.h"
#include "ngx/pool.h"
#include "tier/limit_zone.h"
#include "tier/zone.h"

namespace edge::conf {

namespace {

char *set_zone_parameter(ngx_conf_t *cf, tier::Zone &zone,
                         std::string_view word)
{
    if (const auto text = parameter(word, "selectors")) {
        const auto rows = parse_decimal(*text, 1u << 30);
        if (!rows || *rows < 64 || *rows > (1u << 24)) {
            return refuse(cf, word,
                          "write selectors= from 64 to 16777216");
        }
        zone.settings.selectors = static_cast<std::size_t>(*rows);
        return NGX_CONF_OK;
    }
    if (const auto text = parameter(word, "lease")) {
        const auto lease = parse_time(*text);
        if (!lease || *lease < Millis(100) || *lease > Millis(60000)) {
            return refuse(cf, word, "write lease= from 100ms to 60s");
        }
        zone.settings.lease = *lease;
        return NGX_CONF_OK;
    }
    if (const auto name = parameter(word, "redis")) {
        zone.settings.redis_name = *name;
        return NGX_CONF_OK;
    }
    return refuse(cf, word, "write redis=NAME, lease=TIME, selectors=N, or nothing more");
}

} // namespace

tier::Zone *Main::zone(ngx_conf_t *cf, std::string_view name)
{
    for (tier::Zone *zone : zones) {
        if (zone->settings.name == name) {
            return zone;
        }
    }
    auto *zone = ngx::pool_new<tier::Zone>(cf->pool);
    zone->settings.name = name;
    zones.push_back(zone);
    return zone;
}

tier::LimitZone *Main::limit_zone(ngx_conf_t *cf, std::string_view name)
{
    for (tier::LimitZone *zone : limit_zones) {
        if (zone->settings.name == name) {
            return zone;
        }
    }
    auto *zone = ngx::pool_new<tier::LimitZone>(cf->pool);
    zone->settings.name = name;
    limit_zones.push_back(zone);
    return zone;
}

client::RedisConfig *Main::find_redis(std::string_view name) const
{
    const auto found =
        std::find_if(redis.begin(), redis.end(),
                     [name](const auto *config) { return config->name == name; });
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
    for (tier::Zone *zone : mcf.zones) {
        tier::ZoneSettings &settings = zone->settings;
        ngx_str_t name = ngx::str(settings.name);
        if (settings.size == 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"edge_cache %V\" names a zone that is not "
                               "there: write \"edge_cache_zone %V:SIZE;\" in "
                               "the http block",
                               &name, &name);
            return static_cast<char *>(NGX_CONF_ERROR);
        }
        if (settings.redis_name.empty()) {
            continue;
        }
        settings.redis = mcf.find_redis(settings.redis_name);
        if (settings.redis == nullptr) {
            ngx_str_t redis = ngx::str(settings.redis_name);
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"redis=%V\" of zone \"%V\" names a block "
                               "that is not there: write \"edge_redis %V { "
                               "server HOST:PORT; }\" in the http block",
                               &redis, &name, &redis);
            return static_cast<char *>(NGX_CONF_ERROR);
        }
    }
    return check_limit_zones(cf, mcf);
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

char *set_cache_zone(ngx_conf_t *cf, ngx_command_t *, void *conf)
{
    const auto words = arguments(cf);
    const auto named = parse_named_size(ngx::view(words[0]));
    if (!named) {
        return refuse(cf, ngx::view(words[0]), kNamedSizeSyntax);
    }
    if (named->size < tier::Zone::kMinSize) {
        return refuse(cf, ngx::view(words[0]), "write a size of 1m or more");
    }

    tier::Zone &zone = *static_cast<Main *>(conf)->zone(cf, named->name);
    if (zone.settings.size != 0) {
        return duplicate();
    }
    zone.settings.size = named->size;
    for (const ngx_str_t &word : words.subspan(1)) {
        if (char *error = set_zone_parameter(cf, zone, ngx::view(word))) {
            return error;
        }
    }
    return zone.declare(cf) ? NGX_CONF_OK
                            : static_cast<char *>(NGX_CONF_ERROR);
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
