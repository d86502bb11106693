// edge_cache_query: the request's query as the location wants it.
#pragma once

#include "conf/location.h"
#include "ngx/nginx.h"

namespace edge::flow {

// From here on the key, nginx's variables and whatever asks the origin see the
// query that the location's rules make; the path stays as it was written.
void rewrite_query(ngx_http_request_t *r, const conf::Location &lcf);

// What a request asks for, and the way back to it.
struct Target
{
    ngx_str_t args;
    ngx_str_t unparsed_uri;
};
Target target_of(const ngx_http_request_t *r);
void restore_target(ngx_http_request_t *r, const Target &target);

} // namespace edge::flow
