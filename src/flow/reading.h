// A request that has waited reads what it waited for while that arrives.
#pragma once

#include "flow/request.h"
#include "ngx/nginx.h"

namespace edge::flow {

// What the fill that a request waits for has for it.
enum class Offer
{
    none,  // nothing so far
    unfit, // it has to wait for the end
    taken, // request.hit, which waits for nothing any more
};

Offer take_arriving(ngx_http_request_t *r, Request &request);

} // namespace edge::flow
