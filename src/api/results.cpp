#include "api/results.h"

namespace edge::api {

void add_labelled(Exposition &out, const Zones &zones, std::string_view family,
                  std::string_view help, std::string_view label,
                  std::initializer_list<Result> values)
{
    out.family(family, "counter", help);
    for (const tier::Zone *zone : zones) {
        for (const Result &value : values) {
            out.sample(family,
                       {{"zone", zone->settings.name}, {label, value.name}},
                       (zone->counters().*value.counter).value());
        }
    }
}

void add_results(Exposition &out, const Zones &zones, std::string_view family,
                 std::string_view help, std::initializer_list<Result> results)
{
    add_labelled(out, zones, family, help, "result", results);
}

void add_total(Exposition &out, const Zones &zones, std::string_view family,
               std::string_view help, shm::Counter shm::Counters::*counter)
{
    out.family(family, "counter", help);
    for (const tier::Zone *zone : zones) {
        out.sample(family, {{"zone", zone->settings.name}},
                   (zone->counters().*counter).value());
    }
}

} // namespace edge::api
