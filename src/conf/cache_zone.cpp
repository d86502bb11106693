#include "conf/cache_zone.h"

#include "client/config.h"
#include "conf/arguments.h"
#include "conf/main.h"
#include "tier/zone.h"

namespace edge::conf {

namespace {

using tier::ZoneSettings;

using Setter = char *(*) (ngx_conf_t *, ZoneSettings &, std::string_view word,
                          std::string_view value);

char *set_redis(ngx_conf_t *, ZoneSettings &settings, std::string_view,
                std::string_view value)
{
    settings.redis_name = value;
    return NGX_CONF_OK;
}

char *set_coherence(ngx_conf_t *cf, ZoneSettings &settings,
                    std::string_view word, std::string_view value)
{
    constexpr Choice<bool> kModes[] = {{"available", false}, {"strict", true}};
    return set_chosen(cf, settings.strict, word, value, kModes);
}

char *set_isolation(ngx_conf_t *cf, ZoneSettings &settings,
                    std::string_view word, std::string_view value)
{
    const auto time = parse_time(value);
    if (!time || *time < Millis(1000) || *time > Millis(7 * 86400 * 1000)) {
        return refuse(cf, word, "write isolation= from 1s to 7d");
    }
    settings.isolation = *time;
    return NGX_CONF_OK;
}

char *set_lease(ngx_conf_t *cf, ZoneSettings &settings, std::string_view word,
                std::string_view value)
{
    const auto lease = parse_time(value);
    if (!lease || *lease < Millis(100) || *lease > Millis(60000)) {
        return refuse(cf, word, "write lease= from 100ms to 60s");
    }
    settings.lease = *lease;
    return NGX_CONF_OK;
}

char *set_selectors(ngx_conf_t *cf, ZoneSettings &settings,
                    std::string_view word, std::string_view value)
{
    const auto rows = parse_decimal(value, 1u << 30);
    if (!rows || *rows < 64 || *rows > (1u << 24)) {
        return refuse(cf, word, "write selectors= from 64 to 16777216");
    }
    settings.selectors = static_cast<std::uint32_t>(*rows);
    return NGX_CONF_OK;
}

char *set_wait(ngx_conf_t *cf, ZoneSettings &settings, std::string_view word,
               std::string_view value)
{
    const auto replicas = parse_decimal(value, 100);
    if (!replicas || *replicas < 1 || *replicas > 16) {
        return refuse(cf, word, "write wait= from 1 to 16");
    }
    settings.wait = static_cast<std::uint32_t>(*replicas);
    return NGX_CONF_OK;
}

template <std::uint32_t shm::Shares::*Share>
char *set_share(ngx_conf_t *cf, ZoneSettings &settings, std::string_view word,
                std::string_view value)
{
    const auto percent = parse_percent(value);
    if (!percent) {
        return refuse(cf, word, "write a share from 1% to 100%");
    }
    settings.shares.*Share = *percent;
    return NGX_CONF_OK;
}

struct Parameter
{
    std::string_view name;
    Setter set;
    // Says nothing about a zone that nobody shares.
    bool needs_redis;
};

constexpr Parameter kParameters[] = {
    {"redis", &set_redis, false},
    {"coherence", &set_coherence, true},
    {"isolation", &set_isolation, true},
    {"lease", &set_lease, true},
    {"wait", &set_wait, true},
    {"selectors", &set_selectors, false},
    {"tenant_share", &set_share<&shm::Shares::tenant>, false},
    {"negative_share", &set_share<&shm::Shares::negative>, false},
};

char *set_parameter(ngx_conf_t *cf, ZoneSettings &settings,
                    std::string_view word)
{
    for (const Parameter &known : kParameters) {
        if (const auto value = parameter(word, known.name)) {
            if (known.needs_redis) {
                settings.shared_parameter = word;
            }
            return known.set(cf, settings, word, *value);
        }
    }
    return refuse(cf, word,
                  "write redis=NAME, coherence=MODE, isolation=TIME, "
                  "lease=TIME, wait=N, selectors=N, tenant_share=PERCENT, "
                  "negative_share=PERCENT, or nothing more");
}

// What the parameters mean together, in whatever order they stood.
char *check_parameters(ngx_conf_t *cf, const ZoneSettings &settings)
{
    if (settings.redis_name.empty() && !settings.shared_parameter.empty()) {
        return refuse(cf, settings.shared_parameter,
                      "write redis=NAME too, or leave it out: a zone without "
                      "Redis has no other servers to be in step with");
    }
    if (settings.isolation < settings.lease) {
        return refuse(cf, "write an isolation= that is not shorter than the "
                          "lease=");
    }
    return NGX_CONF_OK;
}

char *fail(ngx_conf_t *cf, const std::string &what)
{
    ngx_str_t text = ngx::str(what);
    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "%V", &text);
    return static_cast<char *>(NGX_CONF_ERROR);
}

// A failover can give two masters, and each would give leases.
void warn_of_two_masters(ngx_conf_t *cf, const ZoneSettings &settings)
{
    if (!settings.strict || settings.wait != 0 ||
        settings.redis->mode == client::Mode::standalone) {
        return;
    }
    ngx_str_t name = ngx::str(settings.name);
    ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                       "zone \"%V\" is strict, and its Redis fails over by "
                       "itself: a master that was cut off can go on, and "
                       "purges are lost on it; write wait=N, N the number of "
                       "replicas that may be promoted",
                       &name);
}

char *check_zone(ngx_conf_t *cf, const Main &mcf, ZoneSettings &settings)
{
    const std::string name(settings.name);
    if (settings.size == 0) {
        return fail(cf, "\"edge_cache " + name +
                            "\" names a zone that is not there: write "
                            "\"edge_cache_zone " +
                            name + ":SIZE;\" in the http block");
    }
    if (settings.redis_name.empty()) {
        return NGX_CONF_OK;
    }
    settings.redis = mcf.find_redis(settings.redis_name);
    if (settings.redis == nullptr) {
        const std::string redis(settings.redis_name);
        return fail(cf, "\"redis=" + redis + "\" of zone \"" + name +
                            "\" names a block that is not there: write "
                            "\"edge_redis " +
                            redis + " { server HOST:PORT; }\" in the http "
                                    "block");
    }
    warn_of_two_masters(cf, settings);
    return NGX_CONF_OK;
}

} // namespace

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
        if (char *error = set_parameter(cf, zone.settings, ngx::view(word))) {
            return error;
        }
    }
    if (char *error = check_parameters(cf, zone.settings)) {
        return error;
    }
    return zone.declare(cf) ? NGX_CONF_OK
                            : static_cast<char *>(NGX_CONF_ERROR);
}

char *check_cache_zones(ngx_conf_t *cf, Main &mcf)
{
    for (tier::Zone *zone : mcf.zones) {
        if (char *error = check_zone(cf, mcf, zone->settings)) {
            return error;
        }
    }
    return NGX_CONF_OK;
}

} // namespace edge::conf
