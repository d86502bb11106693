// Walking nginx's header lists.
#pragma once

#include <span>
#include <utility>

#include "http/field.h"
#include "ngx/nginx.h"
#include "ngx/pool.h"
#include "ngx/text.h"

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

// A new, zeroed line at the end.
inline ngx_table_elt_t &push(ngx_list_t &headers)
{
    auto *line = static_cast<ngx_table_elt_t *>(ngx_list_push(&headers));
    if (line == nullptr) {
        throw std::bad_alloc();
    }
    return *line = ngx_table_elt_t{};
}

// A line more; the texts stay where they are.
inline ngx_table_elt_t &add_line(ngx_list_t &headers, std::string_view name,
                                 std::string_view value)
{
    ngx_table_elt_t &line = push(headers);
    line.hash = 1;
    line.key = str(name);
    line.value = str(value);
    return line;
}

// The list as fields, in `pool`; the texts stay where nginx has them.
inline http::Fields fields(ngx_pool_t *pool, ngx_list_t &headers)
{
    std::size_t count = 0;
    for_each(headers, [&](const ngx_table_elt_t &) { count++; });

    const auto all = pool_array<http::Field>(pool, count);
    std::size_t i = 0;
    for_each(headers, [&](const ngx_table_elt_t &line) {
        all[i++] = {view(line.key), view(line.value)};
    });
    return all;
}

// What the origin said: with an upstream also what clients never see.
inline http::Fields origin_fields(ngx_http_request_t *r)
{
    return fields(r->pool, r->upstream != nullptr
                               ? r->upstream->headers_in.headers
                               : r->headers_out.headers);
}

} // namespace edge::ngx
