// What a zone counts of requests, fills and purges, and of its memory.
#pragma once

#include <vector>

#include "api/exposition.h"
#include "tier/zone.h"

namespace edge::api {

void add_zone_metrics(Exposition &out,
                      const std::vector<tier::Zone *> &zones);

} // namespace edge::api
