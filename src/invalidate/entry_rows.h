// The rows that an entry's purges are looked up under: of everything, and of
// each of its selectors; its tenant's own, and the one of all tenants.
#pragma once

#include <string_view>

#include "invalidate/selector.h"

namespace edge::invalidate {

struct EntryRows
{
    // As the entry stores them; outlive this.
    std::string_view selectors;
    TenantHash tenant;

    bool contains(RowKey row) const;
};

} // namespace edge::invalidate
