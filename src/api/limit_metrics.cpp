#include "api/limit_metrics.h"

namespace edge::api {

namespace {

using Zones = std::vector<tier::LimitZone *>;

void decisions(Exposition &out, const Zones &zones)
{
    constexpr std::string_view name = "edge_limit_decisions_total";
    out.family(name, "counter", "Decisions by result and by who decided.");
    for (const tier::LimitZone *zone : zones) {
        for (std::size_t i = 0; i < limit::kStatuses * limit::kSources; i++) {
            const auto status =
                static_cast<limit::Status>(i / limit::kSources);
            const auto source =
                static_cast<limit::Source>(i % limit::kSources);
            out.sample(name,
                       {{"zone", zone->settings.name},
                        {"result", limit::name(status)},
                        {"source", limit::name(source)}},
                       zone->counters().value(status, source));
        }
    }
}

void exemptions(Exposition &out, const Zones &zones)
{
    constexpr std::string_view name = "edge_limit_exempt_total";
    out.family(name, "counter", "Requests that a limit did not apply to.");
    for (const tier::LimitZone *zone : zones) {
        out.sample(name, {{"zone", zone->settings.name}},
                   zone->counters().exempt.value());
    }
}

void near(Exposition &out, const Zones &zones)
{
    constexpr std::string_view name = "edge_limit_near_total";
    out.family(name, "counter",
               "Requests that passed and left less than a fifth.");
    for (const tier::LimitZone *zone : zones) {
        out.sample(name, {{"zone", zone->settings.name}},
                   zone->counters().near.value());
    }
}

void debits(Exposition &out, const Zones &zones)
{
    constexpr std::string_view name = "edge_limit_debits_lost_total";
    out.family(name, "counter",
               "Charges for what an answer cost that Redis never got.");
    for (const tier::LimitZone *zone : zones) {
        out.sample(name, {{"zone", zone->settings.name}},
                   zone->counters().debits_lost.value());
    }
}

void keys(Exposition &out, const Zones &zones)
{
    constexpr std::string_view capacity = "edge_limit_zone_keys";
    out.family(capacity, "gauge", "Keys that the zone has room for.");
    for (tier::LimitZone *zone : zones) {
        out.sample(capacity, {{"zone", zone->settings.name}},
                   zone->stats().capacity);
    }
    constexpr std::string_view evicted = "edge_limit_zone_evictions_total";
    out.family(evicted, "counter", "Keys forgotten before their time.");
    for (tier::LimitZone *zone : zones) {
        out.sample(evicted, {{"zone", zone->settings.name}},
                   zone->stats().evicted);
    }
}

} // namespace

void add_limit_metrics(Exposition &out, const Zones &zones)
{
    decisions(out, zones);
    exemptions(out, zones);
    near(out, zones);
    debits(out, zones);
    keys(out, zones);
}

} // namespace edge::api
