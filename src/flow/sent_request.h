// What the origin was asked, where the configuration changes it on the way.
#pragma once

#include <span>
#include <string>

#include "http/field.h"
#include "ngx/nginx.h"

namespace edge::flow {

// Whether the origin saw other values of the selecting fields `names` than the
// client sent (proxy_set_header): keyed by the client's, one client's answer
// would be another's. A field that was taken away selects nothing and is no
// difference. Known for HTTP/1 upstreams; others get what clients send.
bool has_rewritten(ngx_http_request_t *r, std::span<const std::string> names,
                   http::Fields client);

} // namespace edge::flow
