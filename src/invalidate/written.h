// What a successful unsafe method has changed, as far as its request and its
// answer say (RFC 9111 4.4).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "invalidate/selector.h"

namespace edge::invalidate {

struct Written
{
    // Of the target; its tags and groups are not asked for.
    EntryNames names;
    // Location and Content-Location. Those of another authority count for
    // nothing: nobody may invalidate what is another's.
    std::vector<std::string_view> locations;
    // Cache-Group-Invalidation (RFC 9875), each once.
    std::vector<std::string> groups;
};

// Each once; the first is the target itself.
std::vector<Selector> selectors_of(const Written &written);

// A reference (RFC 3986 4.2) in an answer to `target`, as path and query on
// the same authority; empty when it leads elsewhere, or cannot be told to be
// a stored URL.
std::string resolve_target(std::string_view reference,
                           std::string_view authority,
                           std::string_view target);

} // namespace edge::invalidate
