// The rows that an entry's purges are looked up under: of everything, and of
// each of its selectors; its tenant's own, and the one of all tenants.
#pragma once

#include <string_view>

#include "base/bytes.h"
#include "invalidate/selector.h"

namespace edge::invalidate {

struct EntryRows
{
    // As the entry stores them; outlive this.
    std::string_view selectors;
    TenantHash tenant;

    bool contains(RowKey wanted) const;

    template <typename Use>
    void for_each(Use use) const
    {
        const auto use_both = [&](Selector selector) {
            use(row_key(selector, tenant));
            use(row_key(selector, kAllTenants));
        };
        use_both(select_everything());
        for (ByteReader in(selectors); !in.at_end();) {
            use_both(in.number<Selector>());
        }
    }
};

} // namespace edge::invalidate
