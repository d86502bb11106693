#include "api/results.h"

namespace edge::api {

void add_results(Exposition &out, const std::vector<tier::Zone *> &zones,
                 std::string_view family, std::string_view help,
                 std::initializer_list<Result> results)
{
    out.family(family, "counter", help);
    for (const tier::Zone *zone : zones) {
        for (const Result &result : results) {
            out.sample(
                family,
                {{"zone", zone->settings.name}, {"result", result.name}},
                (zone->counters().*result.counter).value());
        }
    }
}

} // namespace edge::api
