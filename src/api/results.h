// Counters of a zone that tell what became of something: one family, a sample
// for each result.
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

void add_results(Exposition &out, const std::vector<tier::Zone *> &zones,
                 std::string_view family, std::string_view help,
                 std::initializer_list<Result> results);

} // namespace edge::api
