// One fetch for all who ask for the same: whoever comes while it is under way
// waits for its answer.
#pragma once

#include "cache/admission.h"
#include "flow/request.h"
#include "ngx/nginx.h"
#include "ngx/task.h"

namespace edge::flow {

// Requests of different kinds do not share a fetch. What a client may get can
// depend on whether it sends credentials: an answer that is refused to one of
// them says nothing of the others.
unsigned sharing_kind(const cache::RequestFacts &request);

// What those who share a fetch have in common, as far as memory knows what
// the answers vary by.
Hash128 fill_name(const Request &request);

// Not where answers turned out not to be shared a moment ago.
bool may_look_in_redis(const Request &request);

// Whether something stale is sent at once: the origin is asked in the
// background, or not at all for a moment after it has failed.
bool answers_stale(const ngx_http_request_t *r, Request &request);

// For a miss: it gets a part in fetching, or another's fill to wait for
// (request.awaited), or a hit after all: what is stale, while another asks, or
// shortly after the origin has failed.
void join_fill(ngx_http_request_t *r, Request &request);

// The origin has failed: whoever may be sent something stale does not ask it
// again for 2 seconds.
void note_failure(const Request &request);

// A refresh would fill something else: for a minute clients ask the origin for
// it themselves.
void note_needs_client(const Request &refresh);

// Until there is a hit, or the request has to ask the API itself. Looks into
// Redis, too, once it is its turn.
ngx::Task wait_for_fill(ngx::Flow &flow, ngx_http_request_t *r,
                        Request &request);

// For a hit that should be fetched again: nothing if somebody does so, or did a
// moment ago to no avail.
std::optional<tier::FillRole> lead_refresh(Request &request);

} // namespace edge::flow
