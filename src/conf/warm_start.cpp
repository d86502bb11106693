#include "conf/warm_start.h"

#include <algorithm>

#include "base/text.h"
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
    const auto words = arguments(cf);
    const std::string_view first = ngx::view(words[0]);
    if (first == "off" && words.size() == 1) {
        return NGX_CONF_OK;
    }
    const auto most = parse_decimal(first, kMost + 1);
    if (!most || *most == 0 || *most > kMost) {
        return refuse(cf, first,
                      "write a number from 1 to 10000, or \"off\" alone");
    }
    start.most = static_cast<std::uint32_t>(*most);
    if (words.size() == 1) {
        return NGX_CONF_OK;
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
