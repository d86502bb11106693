// A main request without a client: a connection object of our own, with a sink
// where others have a socket. All that the location says applies to it, and no
// connection of a client waits for it, as it would for a subrequest.
#pragma once

#include "base/time.h"
#include "ngx/nginx.h"

namespace edge::ngx {

// In init_module, before workers are forked: what stands for its socket. False,
// and errno, when it cannot be opened.
bool open_null_device();

// At the addresses, and with the configuration of the server, of `model`; to be
// given to start() or discard(). Null where this worker is about to exit, or
// has few connections left for its clients.
ngx_http_request_t *make_detached(const ngx_http_request_t &model);

// Calls `begin(r)` from the event loop. The request ends as others do, or after
// `longest`; it is not logged.
void start_detached(ngx_http_request_t *r, ngx_http_event_handler_pt begin,
                    Millis longest);

void discard_detached(ngx_http_request_t *r);

} // namespace edge::ngx
