#include "invalidate/entry_rows.h"

namespace edge::invalidate {

bool EntryRows::contains(RowKey wanted) const
{
    bool found = false;
    for_each([&](RowKey row) { found |= row == wanted; });
    return found;
}

} // namespace edge::invalidate
