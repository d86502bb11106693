// A stored object in words, for people: what it is, what a request would make
// of it now, and what is against it.
#pragma once

#include "api/json.h"
#include "flow/request.h"

namespace edge::flow {

// Whether the text of edge_cache_key may be shown: no credential of the request
// can be in it.
bool shows_key(const Request &request);

// `request` is left as it is.
api::Json describe(const Request &request, Hit found);

} // namespace edge::flow
