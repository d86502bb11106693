// The origin was asked, and a stored answer is sent in place of its own: it has
// confirmed it, or it has failed.
#pragma once

#include "flow/request.h"
#include "ngx/nginx.h"

namespace edge::flow {

// Looks at the header that is about to be sent. True: it is that of request.hit
// now. Never a range of it: nginx's range filter has had its turn.
bool substitute_header(ngx_http_request_t *r, Request &request);

// What to send instead of `in`, a part of the body that goes with the header
// that was replaced.
ngx_chain_t *substitute_body(ngx_http_request_t *r, Request &request,
                             ngx_chain_t *in);

} // namespace edge::flow
