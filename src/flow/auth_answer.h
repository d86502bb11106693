// What was stored of a check, as auth_request reads it.
#pragma once

#include "cache/entry.h"
#include "ngx/nginx.h"

namespace edge::flow {

// Content handler's part: sends the header in the subrequest `r`. The entry
// lives as long as r's pool. $upstream_http_NAME, $sent_http_NAME and
// $upstream_status say what they said when the service was asked.
ngx_int_t send_auth_answer(ngx_http_request_t *r, const cache::Entry &entry);

// Header filter's part: the same in place of the failed service's.
void replace_auth_answer(ngx_http_request_t *r, const cache::Entry &entry);

} // namespace edge::flow
