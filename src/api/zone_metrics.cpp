#include "api/zone_metrics.h"

#include <cstdio>

#include "api/memory_metrics.h"
#include "api/results.h"

namespace edge::api {

namespace {

constexpr std::string_view kCounter = "counter";
constexpr std::string_view kGauge = "gauge";

// One sample per label that has been used, and slot 0, what no slot was left
// for, once it counts anything.
template <typename Visit>
void for_each_label(const tier::Zone &zone, Visit &&visit)
{
    for (const shm::LabelCounters &label : zone.counters().labels) {
        if (!label.label().empty()) {
            visit(label, label.label());
        }
    }
    visit(zone.counters().labels[0], "other");
}

void requests(Exposition &out, const Zones &zones)
{
    constexpr std::string_view name = "edge_cache_requests_total";
    out.family(name, kCounter, "Requests by what answered them.");
    for (const tier::Zone *zone : zones) {
        for_each_label(*zone, [&](const auto &counters, auto label) {
            for (std::size_t i = 1; i < cache::kStatuses; i++) {
                out.sample(name,
                           {{"zone", zone->settings.name},
                            {"label", label},
                            {"status",
                             cache::name(static_cast<cache::Status>(i))}},
                           counters.requests[i].value());
            }
        });
    }
}

void bytes(Exposition &out, const Zones &zones)
{
    constexpr std::string_view name = "edge_cache_sent_bytes_total";
    out.family(name, kCounter, "Body bytes sent, by where they came from.");
    for (const tier::Zone *zone : zones) {
        for_each_label(*zone, [&](const auto &counters, auto label) {
            const auto sample = [&](auto source, const shm::Counter &value) {
                out.sample(name,
                           {{"zone", zone->settings.name},
                            {"label", label},
                            {"source", source}},
                           value.value());
            };
            sample("cache", counters.bytes_hit);
            sample("origin", counters.bytes_origin);
        });
    }
}

void hits(Exposition &out, const Zones &zones)
{
    constexpr std::string_view name = "edge_cache_hits_total";
    out.family(name, kCounter, "Hits by the tier that had the object.");
    for (const tier::Zone *zone : zones) {
        for (std::size_t i = 0; i < cache::kTiers; i++) {
            out.sample(name,
                       {{"zone", zone->settings.name},
                        {"tier", cache::name(static_cast<cache::Tier>(i))}},
                       zone->counters().hits[i].value());
        }
    }
}

void histogram(Exposition &out, const tier::Zone &zone, cache::Tier tier,
               const shm::Histogram &lookups)
{
    const std::string_view labels[] = {zone.settings.name, cache::name(tier)};
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < shm::Histogram::bounds.size(); i++) {
        char bound[16];
        std::snprintf(bound, sizeof(bound), "%g",
                      shm::Histogram::bounds[i] / 1e6);
        total += lookups.count(i);
        out.sample("edge_cache_lookup_seconds_bucket",
                   {{"zone", labels[0]}, {"tier", labels[1]}, {"le", bound}},
                   total);
    }
    total += lookups.count(shm::Histogram::bounds.size());
    out.sample("edge_cache_lookup_seconds_bucket",
               {{"zone", labels[0]}, {"tier", labels[1]}, {"le", "+Inf"}},
               total);
    out.sample("edge_cache_lookup_seconds_sum",
               {{"zone", labels[0]}, {"tier", labels[1]}},
               static_cast<double>(lookups.sum_micros()) / 1e6);
    out.sample("edge_cache_lookup_seconds_count",
               {{"zone", labels[0]}, {"tier", labels[1]}}, total);
}

void lookups(Exposition &out, const Zones &zones)
{
    out.family("edge_cache_lookup_seconds", "histogram",
               "Time of a lookup, by tier.");
    for (const tier::Zone *zone : zones) {
        for (std::size_t i = 0; i < cache::kTiers; i++) {
            histogram(out, *zone, static_cast<cache::Tier>(i),
                      zone->counters().lookups[i]);
        }
    }
}

void refusals(Exposition &out, const Zones &zones)
{
    constexpr std::string_view name = "edge_cache_refused_total";
    out.family(name, kCounter,
               "Requests not answered from the cache, or answers not stored, "
               "by reason.");
    for (const tier::Zone *zone : zones) {
        for (std::size_t i = 1; i < cache::kReasons; i++) {
            out.sample(name,
                       {{"zone", zone->settings.name},
                        {"reason",
                         cache::name(static_cast<cache::Reason>(i))}},
                       zone->counters().refused[i].value());
        }
    }
}

void fills(Exposition &out, const Zones &zones)
{
    using shm::Counters;
    add_results(out, zones, "edge_cache_fills_total",
                "Answers captured, by what became of them.",
                {{"started", &Counters::fills_started},
                 {"stored", &Counters::fills_stored},
                 {"aborted", &Counters::fills_aborted}});
}

void outlived(Exposition &out, const Zones &zones)
{
    add_total(out, zones, "edge_cache_fills_outlived_total",
              "Fills that went on without their client.",
              &shm::Counters::fills_outlived);
}

void settling(Exposition &out, const Zones &zones)
{
    add_total(out, zones, "edge_cache_fills_settling_total",
              "Fills so soon after a purge that they are kept for its settle "
              "time only.",
              &shm::Counters::fills_settling);
}

void client_control(Exposition &out, const Zones &zones)
{
    add_total(out, zones, "edge_cache_client_control_ignored_total",
              "Requests whose Cache-Control asked in vain for something else.",
              &shm::Counters::client_control_ignored);
}

void compressed(Exposition &out, const Zones &zones)
{
    using shm::Counters;
    add_total(out, zones, "edge_cache_fills_compressed_total",
              "Answers stored compressed.", &Counters::fills_compressed);
    add_total(out, zones, "edge_cache_hits_unpacked_total",
              "Hits on compressed objects by clients that take no gzip.",
              &Counters::hits_unpacked);

    add_labelled(out, zones, "edge_cache_compressed_bytes_total",
                 "Bodies stored compressed, as they came and as they are.",
                 "form",
                 {{"identity", &Counters::bytes_compressed},
                  {"gzip", &Counters::bytes_packed}});
}

void shadow(Exposition &out, const Zones &zones)
{
    using shm::Counters;
    add_total(out, zones, "edge_cache_shadow_hits_total",
              "Requests that shadow mode would have answered.",
              &Counters::shadow_hits);
    add_total(out, zones, "edge_cache_shadow_bytes_total",
              "Bytes of the bodies that would have answered them.",
              &Counters::shadow_bytes);
    add_results(out, zones, "edge_cache_shadow_compared_total",
                "Would-be answers beside the origin's.",
                {{"same", &Counters::shadow_same},
                 {"different", &Counters::shadow_different}});

    constexpr std::string_view name = "edge_cache_shadow_origin_seconds_total";
    out.family(name, kCounter, "Time that the origin took for them.");
    for (const tier::Zone *zone : zones) {
        out.sample(name, {{"zone", zone->settings.name}},
                   static_cast<double>(
                       zone->counters().shadow_millis.value()) / 1e3);
    }
}

void refreshes(Exposition &out, const Zones &zones)
{
    using shm::Counters;
    add_results(out, zones, "edge_cache_refreshes_total",
                "Objects fetched again in the background, by what came of it.",
                {{"stored", &Counters::refreshes_stored},
                 {"found", &Counters::refreshes_found},
                 {"failed", &Counters::refreshes_failed},
                 {"refused", &Counters::refreshes_refused}});
}

void warmed(Exposition &out, const Zones &zones)
{
    using shm::Counters;
    add_results(out, zones, "edge_cache_warmed_total",
                "URLs fetched before anybody asked for them.",
                {{"stored", &Counters::warmed_stored},
                 {"found", &Counters::warmed_found},
                 {"failed", &Counters::warmed_failed}});
}

void warm_starts(Exposition &out, const Zones &zones)
{
    using shm::Counters;
    add_results(out, zones, "edge_cache_warm_start_objects_total",
                "Objects that memory was to take from Redis at its start.",
                {{"stored", &Counters::warm_starts_stored},
                 {"found", &Counters::warm_starts_found},
                 {"failed", &Counters::warm_starts_failed}});
}

void primes(Exposition &out, const Zones &zones)
{
    using shm::Counters;
    add_results(out, zones, "edge_cache_primes_total",
                "Objects asked for most, fetched again after a soft purge.",
                {{"stored", &Counters::primes_stored},
                 {"found", &Counters::primes_found},
                 {"failed", &Counters::primes_failed},
                 {"refused", &Counters::primes_refused}});
}

void fetches(Exposition &out, const Zones &zones)
{
    constexpr std::string_view name = "edge_cache_fetches_running";
    out.family(name, kGauge, "Fetches that have a turn of those allowed.");
    for (tier::Zone *zone : zones) {
        for (const tier::RunningFetches &running : zone->running_fetches()) {
            out.sample(name,
                       {{"zone", zone->settings.name},
                        {"upstream", running.upstream}},
                       std::uint64_t{running.count});
        }
    }
    using shm::Counters;
    add_results(out, zones, "edge_cache_fetches_held_total",
                "Requests that had no turn to fetch, by what became of them.",
                {{"waited", &Counters::turns_waited},
                 {"passed", &Counters::turns_passed},
                 {"refused", &Counters::turns_refused}});
}

void auth_checks(Exposition &out, const Zones &zones)
{
    using shm::Counters;
    add_results(out, zones, "edge_cache_auth_checks_total",
                "Checks by auth_request, by who answered them.",
                {{"hit", &Counters::auth_hits},
                 {"stored", &Counters::auth_stored},
                 {"passed", &Counters::auth_passed}});
}

void writes(Exposition &out, const Zones &zones)
{
    using shm::Counters;
    add_results(out, zones, "edge_cache_writes_total",
                "Names invalidated by unsafe methods, by who hears of it.",
                {{"logged", &Counters::writes_logged},
                 {"covered", &Counters::writes_covered},
                 {"failed", &Counters::writes_failed},
                 {"local", &Counters::writes_local}});
}

void waits(Exposition &out, const Zones &zones)
{
    constexpr std::string_view name = "edge_cache_waits_total";
    constexpr std::string_view results[shm::kWaitEnds] = {"hit", "fetch",
                                                          "timeout", "gone"};
    out.family(name, kCounter,
               "Requests that waited for another's answer, by what they got.");
    for (const tier::Zone *zone : zones) {
        for (std::size_t i = 0; i < shm::kWaitEnds; i++) {
            out.sample(name,
                       {{"zone", zone->settings.name}, {"result", results[i]}},
                       zone->counters().waits[i].value());
        }
    }
}

void arriving(Exposition &out, const Zones &zones)
{
    using shm::Counters;
    add_total(out, zones, "edge_cache_hits_arriving_total",
              "Requests that were sent another's answer while it arrived.",
              &Counters::hits_arriving);
    add_total(out, zones, "edge_cache_hits_broken_off_total",
              "Of those, answers of which no more arrived.",
              &Counters::hits_broken_off);
}

void running_fills(Exposition &out, const Zones &zones)
{
    constexpr std::string_view running = "edge_cache_fills_running";
    out.family(running, kGauge, "Fills that others would wait for.");
    for (tier::Zone *zone : zones) {
        out.sample(running, {{"zone", zone->settings.name}},
                   static_cast<std::uint64_t>(zone->running_fills()));
    }
    add_total(out, zones, "edge_cache_hits_for_miss_total",
              "Misses that waited for nobody, as the last answer was not "
              "stored.",
              &shm::Counters::hits_for_miss);
}

void purges(Exposition &out, const Zones &zones)
{
    using shm::Counters;
    add_labelled(out, zones, "edge_cache_purges_total",
                 "Purges accepted by this instance.", "mode",
                 {{"hard", &Counters::purges_hard},
                  {"soft", &Counters::purges_soft}});
    add_total(out, zones, "edge_cache_purges_never_seen_total",
              "Tags in purges that nothing stored here ever had.",
              &Counters::purges_never_seen);
}

} // namespace

void add_zone_metrics(Exposition &out, const std::vector<tier::Zone *> &zones)
{
    requests(out, zones);
    bytes(out, zones);
    hits(out, zones);
    lookups(out, zones);
    refusals(out, zones);
    fills(out, zones);
    outlived(out, zones);
    settling(out, zones);
    client_control(out, zones);
    compressed(out, zones);
    shadow(out, zones);
    refreshes(out, zones);
    warmed(out, zones);
    warm_starts(out, zones);
    primes(out, zones);
    fetches(out, zones);
    running_fills(out, zones);
    waits(out, zones);
    auth_checks(out, zones);
    arriving(out, zones);
    purges(out, zones);
    writes(out, zones);
    add_memory_metrics(out, zones);
}

} // namespace edge::api
