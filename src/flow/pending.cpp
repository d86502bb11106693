#include "flow/pending.h"

#include <optional>
#include <utility>

#include "ngx/cleanup.h"
#include "ngx/pool.h"

namespace edge::flow {

namespace {

using Slot = std::optional<Pending>;

void cancel(void *slot)
{
    static_cast<Slot *>(slot)->reset();
}

// Nothing but the flow and the client's end moves the request from here.
void suspend(ngx_http_request_t *r)
{
    r->read_event_handler = ngx_http_test_reading;
    r->write_event_handler = ngx_http_request_empty_handler;
    // The client may have gone before that handler was set.
    ngx_connection_t *connection = r->connection;
    if (connection->read->ready) {
        ngx_post_event(connection->read, &ngx_posted_events);
    }
}

} // namespace

ngx_int_t Pending::run(ngx_http_request_t *r, ngx::Task task)
{
    if (flow_.run(std::move(task), &Pending::resume, r)) {
        return NGX_OK;
    }
    waiting_ = true;
    suspend(r);
    return NGX_AGAIN;
}

// The phase's handler is called once more, and finds what the flow has left.
void Pending::resume(void *data)
{
    auto *r = static_cast<ngx_http_request_t *>(data);
    ngx_connection_t *connection = r->connection;
    r->read_event_handler = ngx_http_block_reading;
    r->write_event_handler = ngx_http_core_run_phases;
    ngx_http_set_log_request(connection->log, r);
    ngx_http_core_run_phases(r);
    ngx_http_run_posted_requests(connection);
}

bool Pending::has_resumed()
{
    return std::exchange(waiting_, false);
}

Pending &make_pending(ngx_http_request_t *r)
{
    Slot *slot = ngx::pool_new<Slot>(r->pool);
    ngx::at_request_end<&cancel>(r, slot);
    return slot->emplace();
}

Pending *find_pending(ngx_http_request_t *r)
{
    Slot *slot = ngx::pool_find<Slot>(r->pool);
    return slot != nullptr && slot->has_value() ? &**slot : nullptr;
}

} // namespace edge::flow
