// Who may write.
#pragma once

#include <optional>

#include "api/response.h"
#include "conf/api.h"
#include "ngx/nginx.h"

namespace edge::api {

// The refusal, or nothing when the request carries the token.
std::optional<Answer> refuse_write(ngx_http_request_t *r,
                                   const conf::Api &api);

} // namespace edge::api
