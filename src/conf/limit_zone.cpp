#include "conf/limit_zone.h"

#include "conf/arguments.h"
#include "conf/limit.h"
#include "conf/main.h"
#include "conf/values.h"
#include "limit/meter.h"
#include "tier/limit_zone.h"

namespace edge::conf {

namespace {

using tier::LimitZone;

constexpr FigureSyntax<std::int32_t> kOffset{&limit::parse_offset,
                                             limit::kOffsetSyntax};

char *make_limit_zone(ngx_conf_t *cf, Main &mcf, std::string_view word,
                      LimitZone *&made)
{
    const auto named = parse_named_size(word);
    if (!named) {
        return refuse(cf, word, kNamedSizeSyntax);
    }
    if (named->size < LimitZone::kMinSize) {
        return refuse(cf, word, "write a size of 32k or more");
    }
    made = mcf.limit_zone(cf, named->name);
    if (made->settings.size != 0) {
        return duplicate();
    }
    made->settings.size = named->size;
    return NGX_CONF_OK;
}

template <typename T>
char *set_zone_figure(ngx_conf_t *cf, T &figure, std::string_view text,
                      const FigureSyntax<T> &syntax)
{
    const std::optional<T> value = syntax.parse(text);
    if (!value) {
        return refuse(cf, text, syntax.help);
    }
    figure = *value;
    return NGX_CONF_OK;
}

char *set_zone_algorithm(ngx_conf_t *cf, limit::Algorithm &algorithm,
                         std::string_view text)
{
    static constexpr Choice<limit::Algorithm> choices[] = {
        {"gcra", limit::Algorithm::gcra}, {"window", limit::Algorithm::window}};

    return set_chosen(cf, algorithm, text, text, choices);
}

char *set_zone_parameter(ngx_conf_t *cf, tier::LimitZoneSettings &settings,
                         std::string_view word)
{
    limit::Figures &figures = settings.figures;
    if (const auto rate = parameter(word, "rate")) {
        return set_zone_figure(cf, figures.rate, *rate, kRate);
    }
    if (const auto burst = parameter(word, "burst")) {
        return set_zone_figure(cf, figures.burst, *burst, kBurst);
    }
    if (const auto algorithm = parameter(word, "algorithm")) {
        return set_zone_algorithm(cf, figures.algorithm, *algorithm);
    }
    if (const auto quota = parameter(word, "quota")) {
        figures.algorithm = limit::Algorithm::quota;
        return set_zone_figure(cf, figures.quota, *quota, kQuota);
    }
    if (parameter(word, "tz")) {
        return NGX_CONF_OK; // once the quota has been read
    }
    if (const auto redis = parameter(word, "redis")) {
        settings.redis_name = *redis;
        return NGX_CONF_OK;
    }
    if (const auto tag = parameter(word, "tag")) {
        return set_compiled(cf, settings.tag, *tag);
    }
    return refuse(cf, word,
                  "write zone=NAME:SIZE, rate=N/s, burst=N, algorithm=window, "
                  "quota=N/day, tz=+HH:MM, redis=NAME or tag=VALUE");
}

// The value of the one word `name=...`.
std::optional<std::string_view> find_parameter(std::span<ngx_str_t> words,
                                               std::string_view name)
{
    for (const ngx_str_t &word : words) {
        if (const auto value = parameter(ngx::view(word), name)) {
            return value;
        }
    }
    return std::nullopt;
}

// Which of them go together.
char *check_figures(ngx_conf_t *cf, std::span<ngx_str_t> words)
{
    const auto has = [words](std::string_view name) {
        return find_parameter(words, name).has_value();
    };
    if (has("rate") == has("quota")) {
        return refuse(cf, "write either rate=, such as rate=100r/s, or "
                          "quota=, such as quota=10000/day");
    }
    if (has("tz") && !has("quota")) {
        return refuse(cf, "tz= says when the periods of a quota begin: write "
                          "quota= in place of rate=, or leave it out");
    }
    if (has("quota") && has("algorithm")) {
        return refuse(cf, "a quota has an algorithm of its own: leave "
                          "algorithm= out");
    }
    const bool buckets =
        !has("quota") && find_parameter(words, "algorithm") != "window";
    if (has("burst") && !buckets) {
        return refuse(cf, "windows and quotas have no burst on top: leave "
                          "burst= out");
    }
    return NGX_CONF_OK;
}

char *check_limit_zone(ngx_conf_t *cf, const Main &mcf, LimitZone &zone)
{
    tier::LimitZoneSettings &settings = zone.settings;
    ngx_str_t name = ngx::str(settings.name);
    if (settings.size == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"edge_limit zone=%V\" names a zone that is not "
                           "there: write \"edge_limit_zone KEY zone=%V:SIZE "
                           "rate=N/s;\" in the http block",
                           &name, &name);
        return static_cast<char *>(NGX_CONF_ERROR);
    }
    if (settings.redis_name.empty()) {
        return NGX_CONF_OK;
    }
    settings.redis = mcf.find_redis(settings.redis_name);
    if (settings.redis == nullptr) {
        ngx_str_t redis = ngx::str(settings.redis_name);
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"edge_limit_zone\" \"%V\" names redis=%V, which "
                           "is not there: write \"edge_redis %V { server "
                           "HOST:PORT; }\" in the http block",
                           &name, &redis, &redis);
        return static_cast<char *>(NGX_CONF_ERROR);
    }
    return NGX_CONF_OK;
}

} // namespace

char *set_limit_zone(ngx_conf_t *cf, ngx_command_t *, void *conf)
{
    const auto words = arguments(cf);
    const auto place = find_parameter(words.subspan(1), "zone");
    if (!place) {
        return refuse(cf, "write zone=NAME:SIZE");
    }
    LimitZone *zone = nullptr;
    if (char *error =
            make_limit_zone(cf, *static_cast<Main *>(conf), *place, zone)) {
        return error;
    }
    tier::LimitZoneSettings &settings = zone->settings;
    if (char *error = set_compiled(cf, settings.key, ngx::view(words[0]))) {
        return error;
    }
    for (const ngx_str_t &word : words.subspan(1)) {
        if (parameter(ngx::view(word), "zone") == place) {
            continue;
        }
        if (char *error = set_zone_parameter(cf, settings, ngx::view(word))) {
            return error;
        }
    }
    if (char *error = check_figures(cf, words)) {
        return error;
    }
    if (const auto offset = find_parameter(words, "tz")) {
        if (char *error = set_zone_figure(cf, settings.figures.quota.offset,
                                          *offset, kOffset)) {
            return error;
        }
    }
    const auto meter = make_meter(settings.figures);
    if (!meter) {
        return refuse(cf, limit::kBucketTooSlow);
    }
    settings.meter = *meter;
    return zone->declare(cf) ? NGX_CONF_OK
                             : static_cast<char *>(NGX_CONF_ERROR);
}

char *check_limit_zones(ngx_conf_t *cf, Main &mcf)
{
    for (LimitZone *zone : mcf.limit_zones) {
        if (char *error = check_limit_zone(cf, mcf, *zone)) {
            return error;
        }
    }
    return NGX_CONF_OK;
}

} // namespace edge::conf
