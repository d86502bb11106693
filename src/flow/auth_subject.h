// Who asks, and for what, as far as a check by auth_request can go by it.
#pragma once

#include <string_view>

#include "http/field.h"
#include "ngx/nginx.h"

namespace edge::conf {
struct Location;
}

namespace edge::flow {

// A digest, in r's pool: of the credentials and the method always. Where the
// location has no edge_cache_key that says what else the service goes by, also
// of everything else that tells one client, and one request, from another.
std::string_view auth_subject(ngx_http_request_t *r, const conf::Location &lcf,
                              http::Fields fields);

} // namespace edge::flow
