// POST purge: what it names is not served any more once 200 is answered.
#pragma once

#include "invalidate/purge_request.h"
#include "ngx/nginx.h"

namespace edge::tier {
class Zone;
}

namespace edge::api {

ngx_int_t post_purge(ngx_http_request_t *r);

// A content handler's work: PURGE of what a location has stored. Who may is
// the location's own business.
ngx_int_t purge_object(ngx_http_request_t *r, tier::Zone &zone,
                       invalidate::PurgeRequest request);

} // namespace edge::api
