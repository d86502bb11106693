// Walking nginx's header lists.
#pragma once

#include <utility>

#include "ngx/nginx.h"

namespace edge::ngx {

// Calls `visit(ngx_table_elt_t &)` for every line that is not deleted.
template <typename Visit> void for_each(ngx_list_t &headers, Visit &&visit)
{
    for (ngx_list_part_t *part = &headers.part; part; part = part->next) {
        auto *lines = static_cast<ngx_table_elt_t *>(part->elts);
        for (ngx_uint_t i = 0; i < part->nelts; i++) {
            if (lines[i].hash != 0) {
                visit(lines[i]);
            }
        }
    }
}

} // namespace edge::ngx
