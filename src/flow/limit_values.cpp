#include "flow/limit_values.h"

#include "base/text.h"
#include "limit/key.h"
#include "limit/meter.h"
#include "ngx/clock.h"
#include "ngx/text.h"

namespace edge::flow {

namespace {

void log_figure(ngx_http_request_t *r, const tier::LimitZone &zone,
                std::string_view value, std::string_view help)
{
    ngx_str_t bad = ngx::str(value);
    ngx_str_t name = ngx::str(zone.settings.name);
    ngx_str_t syntax = ngx::str(help);
    ngx_log_error(NGX_LOG_WARN, r->connection->log, 0,
                  "invalid value \"%V\" for limit zone \"%V\": %V", &bad, &name,
                  &syntax);
}

template <typename T>
T evaluate(ngx_http_request_t *r, const tier::LimitZone &zone,
           const conf::Figure<T> &figure, const conf::FigureSyntax<T> &syntax,
           T usual)
{
    if (figure.variable == nullptr) {
        return figure.constant.value_or(usual);
    }
    const std::string_view text = ngx::evaluate(r, *figure.variable);
    if (text.empty()) {
        return usual;
    }
    const std::optional<T> value = syntax.parse(text);
    if (!value) {
        log_figure(r, zone, text, syntax.help);
    }
    return value.value_or(usual);
}

// A rate and a burst that do not go together are the zone's.
void set_meter(ngx_http_request_t *r, const conf::LimitUse &use,
               AppliedLimit &limit)
{
    const limit::Figures &usual = use.zone->settings.figures;
    limit::Figures figures = usual;
    figures.rate = evaluate(r, *use.zone, use.rate, conf::kRate, usual.rate);
    figures.burst =
        evaluate(r, *use.zone, use.burst, conf::kBurst, usual.burst);
    figures.quota =
        evaluate(r, *use.zone, use.quota, conf::kQuota, usual.quota);
    figures.quota.offset = usual.quota.offset;

    const auto meter = make_meter(figures);
    if (!meter) {
        log_figure(r, *use.zone, std::to_string(figures.burst),
                   limit::kBucketTooSlow);
        figures = usual;
    }
    limit.meter = meter.value_or(use.zone->settings.meter);
    limit.policy = policy_of(figures, ngx::wall_micros());
}

// Zones without Redis are never shared.
std::uint64_t instances(const tier::LimitZone &zone,
                        const conf::LimitFallback &fallback)
{
    if (zone.settings.redis == nullptr) {
        return 1;
    }
    return fallback.instances ? fallback.instances : zone.instances();
}

std::int64_t evaluate_cost(ngx_http_request_t *r, const conf::LimitUse &use,
                           std::uint64_t usual)
{
    return static_cast<std::int64_t>(
        evaluate(r, *use.zone, use.cost, conf::kCost, usual));
}

AppliedLimit make_limit(ngx_http_request_t *r, const conf::Location &lcf,
                        const conf::LimitUse &use, std::string_view value)
{
    tier::LimitZone &zone = *use.zone;
    AppliedLimit limit;
    limit.use = &use;
    limit.zone = &zone;
    limit.value = value;
    if (zone.settings.tag != nullptr) {
        limit.tag = ngx::evaluate(r, *zone.settings.tag);
    }
    limit.hash =
        zone.hash(limit::text_in_zone({zone.settings.name, value, limit.tag}));
    set_meter(r, use, limit);
    limit.instances = instances(zone, lcf.limit_fallback.value);
    limit.cost = use.by_answer ? redis::kLook : evaluate_cost(r, use, 1);
    limit.dry_run = use.dry_run || lcf.limit_dry_run.value;
    return limit;
}

// Empty: the request is exempt.
std::string_view key_value(ngx_http_request_t *r, const conf::LimitUse &use)
{
    if (use.condition != nullptr &&
        !ngx::is_true(ngx::evaluate(r, *use.condition))) {
        return {};
    }
    return ngx::evaluate(r, *use.zone->settings.key);
}

} // namespace

std::vector<AppliedLimit> evaluate_limits(ngx_http_request_t *r,
                                          conf::Location &lcf,
                                          conf::LimitPoint point)
{
    std::vector<AppliedLimit> limits;
    limits.reserve(lcf.limits.value.size());
    for (const conf::LimitUse &use : lcf.limits.value) {
        if (use.point != point) {
            continue;
        }
        const std::string_view value = key_value(r, use);
        if (value.empty()) {
            use.zone->counters().exempt.add();
        } else {
            limits.push_back(make_limit(r, lcf, use, value));
        }
    }
    return limits;
}

std::int64_t evaluate_answer_cost(ngx_http_request_t *r,
                                  const AppliedLimit &limit)
{
    const bool written = limit.use->cost.given();
    return evaluate_cost(r, *limit.use, written ? 0 : 1);
}

} // namespace edge::flow
