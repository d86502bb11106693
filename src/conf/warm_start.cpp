#include "conf/warm_start.h"

#include <algorithm>

#include "conf/arguments.h"
#include "conf/main.h"
#include "tier/zone.h"

namespace edge::conf {

namespace {

constexpr std::uint32_t kMost = 10'000;
constexpr Millis kShortest{1000};
constexpr Millis kLongest{3600 * 1000};

} // namespace

char *check_warm_start(ngx_conf_t *cf, const Main &mcf)
{
    if (mcf.warm_start.most == 0 ||
        std::ranges::any_of(mcf.zones, [](const tier::Zone *zone) {
            return zone->settings.redis != nullptr;
        })) {
        return NGX_CONF_OK;
    }
    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "\"edge_cache_warm_start\" finds no zone with Redis: "
                       "write redis=NAME behind an edge_cache_zone, or no "
                       "edge_cache_warm_start");
    return static_cast<char *>(NGX_CONF_ERROR);
}

char *set_warm_start(ngx_conf_t *cf, ngx_command_t *, void *conf)
{
    WarmStart &start = static_cast<Main *>(conf)->warm_start;
    if (start.set) {
        return duplicate();
    }
    start.set = true;
    char *error = set_count(cf, kMost, start.most);
    const auto words = arguments(cf);
    if (error != NGX_CONF_OK || words.size() == 1) {
        return error;
    }
    const std::string_view second = ngx::view(words[1]);
    const auto every = parse_time(parameter(second, "every").value_or(""));
    if (!every || *every < kShortest || *every > kLongest) {
        return refuse(cf, second,
                      "write every=TIME, from 1s to 1h, or nothing");
    }
    start.every = *every;
    return NGX_CONF_OK;
}

} // namespace edge::conf
