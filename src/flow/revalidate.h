// An expired answer is asked about, and confirmed by a 304 (RFC 9111 4.3).
#pragma once

#include "cache/revalidation.h"
#include "flow/request.h"
#include "ngx/nginx.h"

namespace edge::flow {

// What to ask about request.stale. Nothing, where it has been purged: the fill
// has its ticket already, and what is confirmed gets that one, so a purge is
// either seen here or newer than it.
cache::Condition question(const ngx_http_request_t *r, Request &request);

// The header that is about to be sent is the answer 304 to it.
bool is_confirmed(const ngx_http_request_t *r, const Request &request);

// Then: for a client request.stale becomes request.hit, with the header that
// the 304 has made of it, and so it goes into both tiers, unless something
// forbids it. It keeps the tags by which it may have been purged since the
// question.
void confirm(ngx_http_request_t *r, Request &request);

// The header that is about to be sent answers HEAD. A 200 about the bytes of
// request.stale, by a validator, freshens it like a 304; one about other bytes
// takes it away (RFC 9111 4.3.5).
void learn_from_head(ngx_http_request_t *r, Request &request);

} // namespace edge::flow
