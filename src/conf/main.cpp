#include "conf/main.h"

#include <algorithm>

#include "client/config.h"
#include "conf/arguments.h"
#include "ngx/pool.h"
#include "tier/zone.h"

namespace edge::conf {

namespace {

// NAME:SIZE
struct NamedSize
{
    std::string_view name;
    std::uint64_t size;
};

std::optional<NamedSize> parse_named_size(std::string_view word)
{
    const std::size_t colon = word.find(':');
    if (colon == 0 || colon == std::string_view::npos) {
        return std::nullopt;
    }
    const auto size = parse_size(word.substr(colon + 1));
    if (!size) {
        return std::nullopt;
    }
    return NamedSize{word.substr(0, colon), *size};
}

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
    return refuse(cf, word, "write selectors=N, or nothing more");
}

bool is_zone_name(std::string_view name)
{
    return name.size() <= 64 &&
           std::all_of(name.begin(), name.end(), [](char c) {
               return is_digit(c) || c == '_' || c == '-' || c == '.' ||
                      (lower(c) >= 'a' && lower(c) <= 'z');
           });
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

char *init_main(ngx_conf_t *cf, void *conf)
{
    for (const tier::Zone *zone : static_cast<Main *>(conf)->zones) {
        if (zone->settings.size == 0) {
            ngx_str_t name = ngx::str(zone->settings.name);
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"edge_cache %V\" names a zone that is not "
                               "there: write \"edge_cache_zone %V:SIZE;\" in "
                               "the http block",
                               &name, &name);
            return static_cast<char *>(NGX_CONF_ERROR);
        }
    }
    return NGX_CONF_OK;
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
    if (!named || !is_zone_name(named->name)) {
        return refuse(cf, ngx::view(words[0]),
                      "write NAME:SIZE, such as api:64m; a name has letters, "
                      "digits, and - _ . only");
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

} // namespace edge::conf
