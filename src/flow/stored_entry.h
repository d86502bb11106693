// What a tier has stored: whether it is what the request asks for, and may
// answer it now. The same for both tiers.
#pragma once

#include <optional>
#include <string_view>

#include "cache/entry.h"
#include "flow/request.h"

namespace edge::flow {

// A hash finds, only the key identifies. False: the request is told.
bool is_under(std::string_view key, const cache::Entry &entry,
              Request &request);

// What the zone says of it now.
cache::Reason judge(const Request &request, const Hit &found);

// It becomes request.hit when it is fresh, fits the request, and has not been
// purged; or request.stale when it is of any other use, or what a refresh is
// about. False: of none, and the request is told why.
bool take_stored(Request &request, Hit found);

} // namespace edge::flow
