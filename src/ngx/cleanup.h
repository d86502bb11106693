// Being told of a request's end, however it comes about.
#pragma once

#include <new>

#include "ngx/guard.h"
#include "ngx/nginx.h"

namespace edge::ngx {

// `Function(data)` when the request ends: before it is logged, and before its
// pool goes.
template <void (*Function)(void *)>
void at_request_end(ngx_http_request_t *r, void *data)
{
    ngx_http_cleanup_t *cleanup = ngx_http_cleanup_add(r, 0);
    if (cleanup == nullptr) {
        throw std::bad_alloc();
    }
    cleanup->data = data;
    cleanup->handler = guard<Function>;
}

} // namespace edge::ngx
