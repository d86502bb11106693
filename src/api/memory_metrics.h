// What a zone says of its memory: how full it is, of what, and what had to go.
#pragma once

#include "api/results.h"

namespace edge::api {

void add_memory_metrics(Exposition &out, const Zones &zones);

} // namespace edge::api
