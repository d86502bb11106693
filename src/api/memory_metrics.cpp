#include "api/memory_metrics.h"

#include "api/results.h"

namespace edge::api {

namespace {

constexpr std::string_view kCounter = "counter";
constexpr std::string_view kGauge = "gauge";

struct ZoneFigure
{
    std::string_view name;
    std::string_view type;
    std::string_view help;
    std::uint64_t (*value)(const shm::MemoryTierStats &);
};

constexpr ZoneFigure kZoneFigures[] = {
    {"edge_cache_zone_objects", kGauge, "Objects that can be found.",
     [](const shm::MemoryTierStats &s) { return s.objects; }},
    {"edge_cache_zone_used_bytes", kGauge, "Memory in use by objects.",
     [](const shm::MemoryTierStats &s) { return s.bytes; }},
    {"edge_cache_zone_capacity_bytes", kGauge, "Memory there is for objects.",
     [](const shm::MemoryTierStats &s) { return s.capacity; }},
    {"edge_cache_zone_pinned_objects", kGauge,
     "Objects that are being sent or filled.",
     [](const shm::MemoryTierStats &s) { return s.pinned_objects; }},
    {"edge_cache_zone_pinned_bytes", kGauge,
     "Memory of objects that are being sent or filled.",
     [](const shm::MemoryTierStats &s) { return s.pinned_bytes; }},
    {"edge_cache_zone_free_pins", kGauge, "Objects that can still be pinned.",
     [](const shm::MemoryTierStats &s) {
         return std::uint64_t{s.free_pins};
     }},
    {"edge_cache_zone_share_evictions_total", kCounter,
     "Objects that made room as their tenant had more than its share.",
     [](const shm::MemoryTierStats &s) { return s.evicted_by_share; }},
};

void zone_figures(Exposition &out, const Zones &zones)
{
    for (const ZoneFigure &figure : kZoneFigures) {
        out.family(figure.name, figure.type, figure.help);
        for (tier::Zone *zone : zones) {
            out.sample(figure.name, {{"zone", zone->settings.name}},
                       figure.value(zone->stats()));
        }
    }
}

struct ReasonFigure
{
    std::string_view reason;
    std::uint64_t shm::MemoryTierStats::*value;
};

void add_reasons(Exposition &out, const Zones &zones, std::string_view family,
                 std::string_view help,
                 std::initializer_list<ReasonFigure> figures)
{
    out.family(family, kCounter, help);
    for (tier::Zone *zone : zones) {
        const shm::MemoryTierStats stats = zone->stats();
        for (const ReasonFigure &figure : figures) {
            out.sample(family,
                       {{"zone", zone->settings.name},
                        {"reason", figure.reason}},
                       stats.*figure.value);
        }
    }
}

void removals(Exposition &out, const Zones &zones)
{
    using Stats = shm::MemoryTierStats;
    add_reasons(out, zones, "edge_cache_zone_evictions_total",
                "Objects removed from memory, by reason.",
                {{"capacity", &Stats::evicted_capacity},
                 {"variants", &Stats::evicted_variants},
                 {"expired", &Stats::expired},
                 {"written", &Stats::swept}});
}

constexpr std::string_view kSegmentNames[shm::kSegments] = {
    "probation", "main", "negative"};

struct SegmentFigure
{
    std::string_view name;
    std::string_view type;
    std::string_view help;
    std::uint64_t (*value)(const shm::SegmentStats &);
};

constexpr SegmentFigure kSegmentFigures[] = {
    {"edge_cache_zone_segment_objects", kGauge, "Objects in parts of memory.",
     [](const shm::SegmentStats &s) { return s.objects; }},
    {"edge_cache_zone_segment_bytes", kGauge, "Memory of these parts.",
     [](const shm::SegmentStats &s) { return s.bytes; }},
    {"edge_cache_zone_segment_evictions_total", kCounter,
     "Objects that made room, by the part they were in.",
     [](const shm::SegmentStats &s) { return s.evicted; }},
    {"edge_cache_zone_tenants_over_share", kGauge,
     "Tenants that have more than their share of a part of memory.",
     [](const shm::SegmentStats &s) {
         return std::uint64_t{s.tenants_over_share};
     }},
};

void segments(Exposition &out, const Zones &zones)
{
    for (const SegmentFigure &figure : kSegmentFigures) {
        out.family(figure.name, figure.type, figure.help);
        for (tier::Zone *zone : zones) {
            const shm::MemoryTierStats stats = zone->stats();
            for (std::size_t i = 0; i < shm::kSegments; i++) {
                out.sample(figure.name,
                           {{"zone", zone->settings.name},
                            {"segment", kSegmentNames[i]}},
                           figure.value(stats.segments[i]));
            }
        }
    }
}

void promotions(Exposition &out, const Zones &zones)
{
    using Stats = shm::MemoryTierStats;
    add_reasons(out, zones, "edge_cache_zone_promotions_total",
                "Objects that came to the main part of memory, by why.",
                {{"hit", &Stats::promoted}, {"came_back", &Stats::readmitted}});
}

void recoveries(Exposition &out, const Zones &zones)
{
    add_total(out, zones, "edge_cache_zone_recoveries_total",
              "Times a zone was emptied because a worker died inside it.",
              &shm::Counters::recoveries);
}

} // namespace

void add_memory_metrics(Exposition &out, const Zones &zones)
{
    zone_figures(out, zones);
    removals(out, zones);
    segments(out, zones);
    promotions(out, zones);
    recoveries(out, zones);
}

} // namespace edge::api
