// The header of a stored object, as nginx wants to have it.
#pragma once

#include "cache/entry.h"
#include "ngx/nginx.h"

namespace edge::flow {

// Puts the stored fields into r->headers_out: the list, and the members that
// later filters look at (gzip, range, add_header and the server's own header
// filter would otherwise add or do things twice). The texts stay where they
// are stored.
void replay(ngx_http_request_t *r, const cache::Entry &entry);

// The answer is another one after all (416): takes everything out again but
// Content-Range, which goes with it.
void forget_replayed(ngx_http_request_t *r);

// Takes out whatever somebody else has put there: another answer is sent.
void forget_answer(ngx_http_request_t *r);

} // namespace edge::flow
