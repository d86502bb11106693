#include <algorithm>

#include "base/text.h"
#include "conf/arguments.h"
#include "conf/limit_directives.h"
#include "conf/location.h"
#include "conf/main.h"
#include "conf/values.h"
#include "limit/meter.h"
#include "redis/limit_script.h"
#include "tier/limit_zone.h"

namespace edge::conf {

namespace {

template <typename T>
char *set_figure(ngx_conf_t *cf, Figure<T> &figure, std::string_view text,
                 const FigureSyntax<T> &syntax)
{
    if (text.find('$') != text.npos) {
        return set_compiled(cf, figure.variable, text);
    }
    figure.constant = syntax.parse(text);
    return figure.constant ? NGX_CONF_OK : refuse(cf, text, syntax.help);
}

// The zone may be made further down.
char *set_limit_target(ngx_conf_t *cf, LimitUse &use, std::string_view name)
{
    if (!is_zone_name(name)) {
        return refuse(cf, name, "write the name of an edge_limit_zone");
    }
    use.zone = main(cf).limit_zone(cf, name);
    return NGX_CONF_OK;
}

// What on= and phase= say, in either order.
char *set_limit_point(ngx_conf_t *cf, LimitUse &use, LimitPoint point)
{
    if (use.point != LimitPoint::request) {
        return refuse(cf, "write one of on=miss and phase=preaccess, once");
    }
    use.point = point;
    return NGX_CONF_OK;
}

char *set_limit_moment(ngx_conf_t *cf, LimitUse &use, std::string_view word)
{
    if (word == "miss") {
        return set_limit_point(cf, use, LimitPoint::miss);
    }
    if (word != "request" && word != "response") {
        return refuse(cf, word, "write on=request, on=miss or on=response");
    }
    use.by_answer = word == "response";
    return NGX_CONF_OK;
}

char *set_limit_phase(ngx_conf_t *cf, LimitUse &use, std::string_view word)
{
    return word == "preaccess"
               ? set_limit_point(cf, use, LimitPoint::preaccess)
               : refuse(cf, word,
                        "write phase=preaccess, or nothing: limits "
                        "are decided behind authentication then");
}

char *set_limit_sync(ngx_conf_t *cf, LimitUse &use, std::string_view word)
{
    static constexpr Choice<LimitSync> choices[] = {
        {"exact", LimitSync::exact},
        {"lease", LimitSync::lease},
        {"local", LimitSync::local}};

    return set_chosen(cf, use.sync, word, word, choices);
}

char *set_limit_parameter(ngx_conf_t *cf, LimitUse &use, std::string_view word)
{
    if (const auto name = parameter(word, "zone")) {
        return set_limit_target(cf, use, *name);
    }
    if (const auto cost = parameter(word, "cost")) {
        return set_figure(cf, use.cost, *cost, kCost);
    }
    if (const auto rate = parameter(word, "rate")) {
        return set_figure(cf, use.rate, *rate, kRate);
    }
    if (const auto burst = parameter(word, "burst")) {
        return set_figure(cf, use.burst, *burst, kBurst);
    }
    if (const auto quota = parameter(word, "quota")) {
        return set_figure(cf, use.quota, *quota, kQuota);
    }
    if (const auto condition = parameter(word, "if")) {
        return set_compiled(cf, use.condition, *condition);
    }
    if (word == "dry_run") {
        use.dry_run = true;
        return NGX_CONF_OK;
    }
    if (word == "stale") {
        use.stale = true;
        return NGX_CONF_OK;
    }
    if (const auto moment = parameter(word, "on")) {
        return set_limit_moment(cf, use, *moment);
    }
    if (const auto sync = parameter(word, "sync")) {
        return set_limit_sync(cf, use, *sync);
    }
    if (const auto phase = parameter(word, "phase")) {
        return set_limit_phase(cf, use, *phase);
    }
    return refuse(cf, word,
                  "write zone=NAME, on=request, on=miss, on=response, "
                  "phase=preaccess, sync=lease, sync=local, cost=N, rate=N/s, "
                  "burst=N, quota=N/day, if=VALUE, stale or dry_run");
}

char *add_limit(ngx_conf_t *cf, std::vector<LimitUse> &limits,
                const LimitUse &use)
{
    if (use.zone == nullptr) {
        return refuse(cf, "write zone=NAME");
    }
    if (use.point != LimitPoint::request && use.by_answer) {
        return refuse(cf, "a limit with on=response is decided behind "
                          "authentication: write nothing else of on= and "
                          "phase=");
    }
    if (use.stale && use.point != LimitPoint::miss) {
        return refuse(cf, "stale",
                      "what is stale is sent in place of what would be "
                      "fetched: write on=miss too, or leave stale out");
    }
    const auto same = [&](const LimitUse &o) { return o.zone == use.zone; };
    if (std::any_of(limits.begin(), limits.end(), same)) {
        return refuse(cf, use.zone->settings.name,
                      "write each zone once on a level");
    }
    if (limits.size() == redis::kMaxLimits) {
        return refuse(cf, use.zone->settings.name,
                      "write at most 16 limits on a level");
    }
    limits.push_back(use);
    return NGX_CONF_OK;
}

// A rate and a burst that are each valid may not go together.
bool fits(const LimitUse &use)
{
    limit::Figures figures = use.zone->settings.figures;
    figures.rate = use.rate.constant.value_or(figures.rate);
    figures.burst = use.burst.constant.value_or(figures.burst);
    return make_meter(figures).has_value();
}

// Null: the zone has a use for what is written.
const char *misplaced_figure(const LimitUse &use)
{
    const limit::Algorithm algorithm = use.zone->settings.figures.algorithm;
    if (use.quota.given() && algorithm != limit::Algorithm::quota) {
        return "only a zone with quota= takes a quota: write rate=, or leave "
               "quota= out";
    }
    if (use.rate.given() && algorithm == limit::Algorithm::quota) {
        return "a zone with quota= takes no rate: write quota=, or leave "
               "rate= out";
    }
    if (use.burst.given() && algorithm != limit::Algorithm::gcra) {
        return "windows and quotas have no burst on top: leave burst= out";
    }
    if (use.is_leased() && algorithm == limit::Algorithm::window) {
        return "windows cannot be leased: leave sync=lease out";
    }
    if (use.is_leased() && use.zone->settings.redis == nullptr) {
        return "units are leased from Redis: write redis=NAME for the zone, "
               "or leave sync=lease out";
    }
    if (use.sync == LimitSync::local && use.zone->settings.redis == nullptr) {
        return "a zone without redis= is never shared: leave sync=local out";
    }
    if (use.is_leased() && use.by_answer) {
        return "what is charged behind the answer cannot be leased: leave "
               "sync=lease out";
    }
    return nullptr;
}

const LimitUse &first_at(const Location &lcf, LimitPoint point)
{
    return *std::find_if(
        lcf.limits.value.begin(), lcf.limits.value.end(),
        [point](const LimitUse &use) { return use.point == point; });
}

// Which one decides; null: none.
const client::RedisConfig *redis_of(const LimitUse &use)
{
    return use.sync == LimitSync::local ? nullptr : use.zone->settings.redis;
}

char *refuse_level(ngx_conf_t *cf, const LimitUse &use, std::string_view why)
{
    ngx_str_t name = ngx::str(use.zone->settings.name);
    ngx_str_t text = ngx::str(why);
    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"edge_limit zone=%V\": %V",
                       &name, &text);
    return static_cast<char *>(NGX_CONF_ERROR);
}

} // namespace

std::optional<std::uint64_t> parse_cost(std::string_view text)
{
    constexpr std::uint64_t most = 0x7fffffff;
    const auto cost = parse_decimal(text, most + 1);
    return cost && *cost <= most ? cost : std::nullopt;
}

char *set_limit(ngx_conf_t *cf, ngx_command_t *, void *conf)
{
    LimitUse use;
    for (const ngx_str_t &word : arguments(cf)) {
        if (char *error = set_limit_parameter(cf, use, ngx::view(word))) {
            return error;
        }
    }
    auto &limits = static_cast<Location *>(conf)->limits;
    limits.set = true;
    return add_limit(cf, limits.value, use);
}

char *check_limits(ngx_conf_t *cf, const Location &lcf)
{
    for (const LimitUse &use : lcf.limits.value) {
        const LimitUse &first = first_at(lcf, use.point);
        if (const char *why = misplaced_figure(use)) {
            return refuse_level(cf, use, why);
        }
        if (!fits(use)) {
            return refuse_level(cf, use, limit::kBucketTooSlow);
        }
        if (use.is_leased() != first.is_leased()) {
            return refuse_level(cf, use,
                                "one limit that Redis is asked for spares none "
                                "of the others: write sync=lease for all that "
                                "are decided at the same moment, or for none");
        }
        // All or none are charged: that takes one place to decide.
        if (redis_of(use) != redis_of(first)) {
            return refuse_level(cf, use,
                                "limits of one level that are decided at the "
                                "same moment are charged all together or not "
                                "at all: write the same redis= for all of "
                                "their zones or for none, and sync=local for "
                                "all of them or for none");
        }
    }
    return NGX_CONF_OK;
}

} // namespace edge::conf
