#include "invalidate/entry_rows.h"

#include "base/bytes.h"

namespace edge::invalidate {

bool EntryRows::contains(RowKey row) const
{
    const auto is_row_of = [this, row](Selector selector) {
        return row == row_key(selector, tenant) ||
               row == row_key(selector, kAllTenants);
    };
    if (is_row_of(select_everything())) {
        return true;
    }
    for (ByteReader in(selectors); !in.at_end();) {
        if (is_row_of(in.number<Selector>())) {
            return true;
        }
    }
    return false;
}

} // namespace edge::invalidate
