// What a tier has stored: whether it is what the request asks for, and may
// answer it now. The same for both tiers.
#pragma once

#include <optional>
#include <string_view>

#include "base/time.h"
#include "cache/entry.h"
#include "flow/request.h"
#include "shm/object.h"

namespace edge::flow {

// The entry that `head` begins, if its key is `key`: a hash finds, only the key
// identifies. Otherwise the request is told why not. Views into `head`.
std::optional<cache::Entry> read_entry(Request &request, std::string_view head,
                                       std::string_view key);

// Its age, if it is fresh, fits the request, and has not been purged. Otherwise
// the request is told why not. `object`: where it is in memory; null: a copy.
std::optional<Millis> age_if_usable(Request &request,
                                    const cache::Entry &entry,
                                    const shm::PinnedObject *object);

} // namespace edge::flow
