// The shared tier and the log of purges, of zones that have redis=.
#pragma once

#include <vector>

#include "api/exposition.h"
#include "tier/zone.h"

namespace edge::api {

void add_shared_metrics(Exposition &out,
                        const std::vector<tier::Zone *> &zones);

} // namespace edge::api
