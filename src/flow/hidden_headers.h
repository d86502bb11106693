// While an answer is captured the origin must see a plain request for the
// whole: no range, and no condition but our own. A 206 or 304 made for one
// client is no object for the others.
#pragma once

#include "cache/revalidation.h"
#include "ngx/nginx.h"

namespace edge::flow {

bool has_range_or_conditions(const ngx_http_request_t *r);

// What was taken out.
struct HiddenHeaders
{
    ngx_http_request_t *request;
    ngx_list_t headers;
    ngx_table_elt_t *range;
    ngx_table_elt_t *if_range;
    ngx_table_elt_t *if_none_match;
    ngx_table_elt_t *if_modified_since;
};

// `asked` takes their place. Null when there is nothing to hide nor to ask. Put
// back when the request ends, so that the access log shows what the client
// sent.
HiddenHeaders *hide_range_and_conditions(ngx_http_request_t *r,
                                         const cache::Condition &asked);
void restore_headers(ngx_http_request_t *r, const HiddenHeaders &hidden);

} // namespace edge::flow
