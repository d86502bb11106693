// How an upstream's answer shows where it ends.
#pragma once

#include "ngx/nginx.h"

namespace edge::flow {

// Ends with the connection: one that was cut off looks the same.
bool is_close_delimited(const ngx_http_request_t *r);

// The last buffer has come; whether the upstream's protocol, too, says that
// this is all.
bool has_ended(const ngx_http_request_t *r);

} // namespace edge::flow
