#include "api/shared_metrics.h"

#include "api/results.h"
#include "tier/redis_tier.h"

namespace edge::api {

namespace {

void stores(Exposition &out, const Zones &zones)
{
    using shm::Counters;
    add_results(out, zones, "edge_cache_redis_stores_total",
                "Objects on their way to Redis, by result.",
                {{"stored", &Counters::redis_stored},
                 {"dropped", &Counters::redis_dropped},
                 {"failed", &Counters::redis_failed}});
}

struct Figure
{
    std::string_view name;
    std::string_view type;
    std::string_view help;
    double (*value)(const tier::Coherence &);
};

constexpr Figure kFigures[] = {
    {"edge_cache_log_current", "gauge",
     "1: all purges are known here; 0: the log did not answer in time.",
     [](const tier::Coherence &c) { return c.is_current ? 1.0 : 0.0; }},
    {"edge_cache_log_serving", "gauge",
     "1: what is stored is used; 0: everything is fetched, as purges may be "
     "missing.",
     [](const tier::Coherence &c) { return c.is_serving ? 1.0 : 0.0; }},
    {"edge_cache_log_lag_seconds", "gauge",
     "Since the log was last known to be read to its end.",
     [](const tier::Coherence &c) {
         return static_cast<double>(c.lag.count()) / 1000;
     }},
    {"edge_cache_log_instances", "gauge", "Instances that use the zone.",
     [](const tier::Coherence &c) { return static_cast<double>(c.live); }},
    {"edge_cache_log_sequence", "gauge",
     "Sequence of the last purge that was applied.",
     [](const tier::Coherence &c) {
         return static_cast<double>(c.applied.generation.sequence());
     }},
    {"edge_cache_log_selectors", "gauge", "Purged names that are remembered.",
     [](const tier::Coherence &c) { return static_cast<double>(c.selectors); }},
    {"edge_cache_log_selectors_dropped_total", "counter",
     "Purged names forgotten for lack of room, and with each all that is "
     "older.",
     [](const tier::Coherence &c) {
         return static_cast<double>(c.selectors_dropped);
     }},
    {"edge_cache_log_tag_sets", "gauge",
     "Purges of what has all of several tags that are remembered.",
     [](const tier::Coherence &c) { return static_cast<double>(c.tag_sets); }},
    {"edge_cache_log_tag_sets_dropped_total", "counter",
     "Of these, forgotten for lack of room: they stand for one of their tags.",
     [](const tier::Coherence &c) {
         return static_cast<double>(c.tag_sets_dropped);
     }},
    {"edge_cache_log_local_purges", "gauge",
     "Purges that hold here and wait for Redis.",
     [](const tier::Coherence &c) {
         return static_cast<double>(c.local_purges);
     }},
    {"edge_cache_log_replicas", "gauge",
     "With wait=: replicas of Redis that have the log.",
     [](const tier::Coherence &c) {
         return static_cast<double>(c.replicas);
     }},
};

void restored(Exposition &out, const Zones &zones)
{
    add_total(out, zones, "edge_cache_log_restored_total",
              "Purged names this instance put into the log again after it had "
              "lost them.",
              &shm::Counters::purges_restored);
}

void figures(Exposition &out, const Zones &zones)
{
    for (const Figure &figure : kFigures) {
        out.family(figure.name, figure.type, figure.help);
        for (tier::Zone *zone : zones) {
            out.sample(figure.name, {{"zone", zone->settings.name}},
                       figure.value(zone->coherence()));
        }
    }
}

void connections(Exposition &out, const Zones &zones)
{
    constexpr std::string_view name = "edge_cache_redis_up";
    out.family(name, "gauge",
               "1: the worker that answers this has a connection to Redis.");
    for (const tier::Zone *zone : zones) {
        const bool up = zone->redis() != nullptr && zone->redis()->redis().up();
        out.sample(name, {{"zone", zone->settings.name}}, std::uint64_t{up});
    }
}

// A sample for each state, so that alerts need not know them all.
void states(Exposition &out, const Zones &zones)
{
    constexpr std::string_view name = "edge_cache_redis_state";
    out.family(name, "gauge",
               "1: the state of Redis for the worker that answers this.");
    for (const tier::Zone *zone : zones) {
        const redis::NodeState now = zone->redis() != nullptr
                                         ? zone->redis()->redis().state()
                                         : redis::NodeState::connecting;
        for (std::size_t i = 0; i < redis::kNodeStates; i++) {
            const auto state = static_cast<redis::NodeState>(i);
            out.sample(name,
                       {{"zone", zone->settings.name},
                        {"state", redis::state_name(state)}},
                       std::uint64_t{state == now});
        }
    }
}

void memory(Exposition &out, const Zones &zones)
{
    struct Figure
    {
        std::string_view name;
        std::string_view help;
        std::uint64_t (*value)(const redis::MemoryInfo &);
    };
    constexpr Figure figures[] = {
        {"edge_cache_redis_used_memory_bytes", "As Redis says it.",
         [](const redis::MemoryInfo &info) { return info.used; }},
        {"edge_cache_redis_maxmemory_bytes", "As Redis says it; 0: no limit.",
         [](const redis::MemoryInfo &info) { return info.maximum; }},
        {"edge_cache_redis_policy_hurts",
         "1: the eviction policy is one that hurts a cache.",
         [](const redis::MemoryInfo &info) {
             return std::uint64_t{!policy_warning(info).empty()};
         }},
    };
    for (const Figure &figure : figures) {
        out.family(figure.name, "gauge", figure.help);
        for (const tier::Zone *zone : zones) {
            const auto info = zone->redis() != nullptr
                                  ? zone->redis()->redis().memory()
                                  : std::nullopt;
            if (info) {
                out.sample(figure.name, {{"zone", zone->settings.name}},
                           figure.value(*info));
            }
        }
    }
}

} // namespace

void add_shared_metrics(Exposition &out, const Zones &zones)
{
    Zones shared;
    for (tier::Zone *zone : zones) {
        if (zone->settings.redis != nullptr) {
            shared.push_back(zone);
        }
    }
    if (shared.empty()) {
        return;
    }
    connections(out, shared);
    states(out, shared);
    memory(out, shared);
    stores(out, shared);
    figures(out, shared);
    restored(out, shared);
}

} // namespace edge::api
