// GET metrics: everything that is counted (docs/metrics.md).
#pragma once

#include <string>

#include "conf/main.h"

namespace edge::api {

std::string metrics(conf::Main &main);

} // namespace edge::api
