// Which location a request would come to: nginx's own way there, for a detached
// request, and nothing of what lies behind.
#pragma once

#include <optional>
#include <string_view>

#include "http/field.h"
#include "ngx/nginx.h"

namespace edge::ngx {

enum class Routed
{
    location, // it is in the location that would answer it
    answered, // rewriting answers it: r->headers_out.status says with what
    waits,    // rewriting waits for something: it cannot be followed
    refused   // nginx takes no such request
};

// A GET. `action` is what the log says is done; `target` is a path and maybe a
// query, `fields` are valid, and name no Host; that is `authority`.
struct Asked
{
    const char *action;
    std::string_view authority;
    std::string_view target;
    bool tls; // what $scheme and $https say
    http::Fields fields;
};

// Of `r`, which is detached and new, and may only be let go afterwards. The
// phases up to the location's rewriting are run; neither those of access, nor
// error_page, post_action, nor anything that asks an upstream.
Routed route(ngx_http_request_t *r, const Asked &asked);

// Where the handler of a phase has its place; nullopt: it has none.
std::optional<ngx_int_t> phase_of(ngx_http_request_t *r,
                                  ngx_http_handler_pt handler);

// Of `r`, which is in its location: from the phase handler in `place` on it
// goes the way of a client's request, once it is started.
void go_on_from(ngx_http_request_t *r, ngx_int_t place);

} // namespace edge::ngx
