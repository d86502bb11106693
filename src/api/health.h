// GET health: whether this instance can serve, and how well.
#pragma once

#include "api/response.h"
#include "conf/main.h"

namespace edge::api {

// `strict`: 503 as soon as something is degraded (for alerts); otherwise only
// when this instance cannot serve (for load balancers).
Answer health(conf::Main &main, bool strict);

} // namespace edge::api
