// Of two answers of one resource the newer one counts (RFC 9111 4).
#pragma once

#include <cstdint>

#include "cache/admission.h"
#include "cache/entry.h"
#include "cache/policy.h"
#include "cache/reason.h"

namespace edge::cache {

// An answer of `status` was not stored for `why`. True: the origin says that
// what is stored from before must not be used any more either. An answer to
// credentials says nothing about what others get.
bool outdates_stored(std::uint16_t status, Reason why,
                     const RequestFacts &request, const Policy &policy);

// `stored` was asked for later than `other`, and the origin dates it no
// earlier: `other` has been under way for long.
bool is_newer(const EntryTimes &stored, const EntryTimes &other);

} // namespace edge::cache
