// A main request without a client: a connection object of our own, with a sink
// where others have a socket. All that the location says applies to it, and no
// connection of a client waits for it, as it would for a subrequest.
#pragma once

#include <memory>

#include "base/time.h"
#include "ngx/nginx.h"

namespace edge::ngx {

// In init_module, before workers are forked: what stands for its socket. False,
// and errno, when it cannot be opened.
bool open_null_device();

// Where a request comes in; all of it is nginx's.
struct Entrance
{
    ngx_listening_t *socket = nullptr;
    int type = SOCK_STREAM;
    ngx_http_addr_conf_t *address = nullptr;
    // Of the server until the header has named one.
    ngx_http_conf_ctx_t *configuration = nullptr;
    // The address it came to.
    const sockaddr *local = nullptr;
    socklen_t local_size = 0;
};

Entrance entrance_of(const ngx_http_request_t &r);

struct DiscardDetached
{
    void operator()(ngx_http_request_t *r) const;
};

// Stands for a client where there is none: 127.0.0.1.
const ngx_connection_t &this_host();

// Not started yet; ends where it is let go.
using Detached = std::unique_ptr<ngx_http_request_t, DiscardDetached>;

// From the address of the client `client`, which is only read. Null where this
// worker is about to exit, or has few connections left for its clients.
Detached make_detached(const ngx_connection_t &client,
                       const Entrance &entrance);

// Calls `begin(r)` from the event loop. The request ends as others do, or after
// `longest`; it is not logged.
void start_detached(Detached detached, ngx_http_event_handler_pt begin,
                    Millis longest);

} // namespace edge::ngx
