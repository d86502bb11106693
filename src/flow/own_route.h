// A request of our own that is made of a URL, on its way: to the location that
// would answer a client's, and on from PRECONTENT there.
#pragma once

#include <variant>

#include "conf/location.h"
#include "flow/batch.h"
#include "ngx/detached.h"
#include "ngx/route.h"

namespace edge::flow {

// Whether a location fills a cache.
bool can_fill(const conf::Location &lcf);

// Begun::no: nothing is cached there.
std::variant<ngx::Detached, Begun> lead(const ngx::Entrance &entrance,
                                        const ngx::Asked &asked);

// One whose state has been made, and that is in its place among the phases.
void start_own(ngx::Detached request);

} // namespace edge::flow
