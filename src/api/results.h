// Counters of zones: one family, and of each zone a sample for each value of a
// label.
#pragma once

#include <initializer_list>
#include <string_view>
#include <vector>

#include "api/exposition.h"
#include "shm/counters.h"
#include "tier/zone.h"

namespace edge::api {

struct Result
{
    std::string_view name;
    shm::Counter shm::Counters::*counter;
};

using Zones = std::vector<tier::Zone *>;

void add_labelled(Exposition &out, const Zones &zones, std::string_view family,
                  std::string_view help, std::string_view label,
                  std::initializer_list<Result> values);

// What became of something: the label is "result".
void add_results(Exposition &out, const Zones &zones, std::string_view family,
                 std::string_view help, std::initializer_list<Result> results);

// Without such a label.
void add_total(Exposition &out, const Zones &zones, std::string_view family,
               std::string_view help, shm::Counter shm::Counters::*counter);

} // namespace edge::api
