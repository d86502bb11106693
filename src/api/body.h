// The body of a request to the api.
#pragma once

#include <optional>
#include <string>

#include "ngx/nginx.h"

namespace edge::api {

// All of it, from memory and from the temporary file, once nginx has read it.
// Nullopt when it has more than `limit` bytes.
std::optional<std::string> read_body(ngx_http_request_t *r, std::size_t limit);

} // namespace edge::api
