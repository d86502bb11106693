// Decisions of the limit zones.
#pragma once

#include <vector>

#include "api/exposition.h"
#include "tier/limit_zone.h"

namespace edge::api {

void add_limit_metrics(Exposition &out,
                       const std::vector<tier::LimitZone *> &zones);

} // namespace edge::api
