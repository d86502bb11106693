// Who may read and write what.
#pragma once

#include <optional>
#include <variant>

#include "api/response.h"
#include "conf/api.h"
#include "invalidate/purge_request.h"
#include "ngx/nginx.h"

namespace edge::api {

enum class Access
{
    read,
    write // needs write=on
};

// Whose token the request carries, or the refusal.
std::variant<const conf::Token *, Answer> authorize(ngx_http_request_t *r,
                                                    const conf::Api &api,
                                                    Access access);

// Whether the token is for this tenant; nullopt: for whatever there is.
bool may_ask_for(const conf::Token &token,
                 const std::optional<std::string> &tenant);

// What of this purge is beyond the token; nothing when all of it is within.
std::optional<Answer> refuse_purge(const conf::Token &token,
                                   const invalidate::PurgeRequest &request);

} // namespace edge::api
