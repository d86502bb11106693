#include "ngx/detached.h"

#include <fcntl.h>
#include <memory>

#include "ngx/guard.h"
#include "ngx/pool.h"
#include "ngx/text.h"
#include "ngx/timer.h"

namespace edge::ngx {

namespace {

constexpr std::size_t kPoolSize = 1024;

// Each may need another connection for its upstream; below the reserve nginx
// begins to close idle clients.
constexpr ngx_uint_t kShare = 8;
constexpr ngx_uint_t kReserve = 16;

int null_device = -1;

// Of this worker.
ngx_uint_t running = 0;

// What hangs on the connection, in its pool.
struct Sink
{
    Sink() : deadline(&Sink::on_deadline, this, Timer::Holds::worker)
    {
        running++;
    }
    ~Sink() { running--; }
    Sink(const Sink &) = delete;

    static void on_deadline(void *sink);

    ngx_connection_t *connection = nullptr;
    ngx_log_t log{};
    ngx_http_log_ctx_t log_context{};
    ngx_http_connection_t http{};
    // nginx looks into it for what a client has sent ahead.
    ngx_buf_t header{};
    // Variables and modules use them without asking whether they are there.
    std::string_view client;
    std::string_view client_text;
    std::string_view local;
    Timer deadline;
};

void end(ngx_connection_t *c)
{
    auto *r = static_cast<ngx_http_request_t *>(c->data);
    r->main->count++;
    ngx_http_finalize_request(r, NGX_HTTP_CLIENT_CLOSED_REQUEST);
    ngx_http_run_posted_requests(c);
}

void Sink::on_deadline(void *sink)
{
    end(static_cast<Sink *>(sink)->connection);
}

// As nginx's own, which is static.
void on_event(ngx_event_t *event)
{
    auto *c = static_cast<ngx_connection_t *>(event->data);
    auto *r = static_cast<ngx_http_request_t *>(c->data);
    ngx_http_set_log_request(c->log, r);
    if (c->close) {
        end(c);
        return;
    }
    if (event->delayed && event->timedout) {
        event->delayed = 0;
        event->timedout = 0;
    }
    if (event->write) {
        r->write_event_handler(r);
    } else {
        r->read_event_handler(r);
    }
    ngx_http_run_posted_requests(c);
}

u_char *write_context(ngx_log_t *log, u_char *buffer, std::size_t size)
{
    u_char *at = buffer;
    if (log->action != nullptr) {
        at = ngx_snprintf(at, size, " while %s", log->action);
    }
    at = ngx_snprintf(at, size - static_cast<std::size_t>(at - buffer),
                      " in the background");
    auto *context = static_cast<ngx_http_log_ctx_t *>(log->data);
    ngx_http_request_t *r = context->request;
    const std::size_t left = size - static_cast<std::size_t>(at - buffer);
    return r != nullptr ? r->log_handler(r, context->current_request, at, left)
                        : at;
}

ssize_t refuse_bytes(ngx_connection_t *, u_char *, std::size_t)
{
    return NGX_ERROR;
}

ssize_t refuse_chain(ngx_connection_t *, ngx_chain_t *, off_t)
{
    return NGX_ERROR;
}

ngx_chain_t *take_all(ngx_connection_t *c, ngx_chain_t *in, off_t)
{
    for (; in != nullptr; in = in->next) {
        ngx_buf_t *buffer = in->buf;
        c->sent += ngx_buf_size(buffer);
        buffer->pos = buffer->last;
        buffer->file_pos = buffer->file_last;
    }
    return nullptr;
}

void set_log(ngx_connection_t *c, Sink &sink)
{
    c->number = ngx_atomic_fetch_add(ngx_connection_counter, 1);
    sink.log = *ngx_cycle->log;
    sink.log.connection = c->number;
    sink.log.handler = guard<&write_context>;
    sink.log.data = &sink.log_context;
    sink.log.action = const_cast<char *>("fetching");
    sink.log_context.connection = c;
    c->log = &sink.log;
    c->read->log = &sink.log;
    c->write->log = &sink.log;
}

// Never closed nor watched, always ready to write, and never kept alive.
void set_sink(ngx_connection_t *c)
{
    c->shared = 1;
    c->tcp_nodelay = NGX_TCP_NODELAY_DISABLED;
    c->tcp_nopush = NGX_TCP_NOPUSH_DISABLED;
    c->recv = guard<&refuse_bytes, NGX_ERROR>;
    c->send = guard<&refuse_bytes, NGX_ERROR>;
    c->recv_chain = guard<&refuse_chain, NGX_ERROR>;
    c->send_chain = guard<&take_all>;

    c->read->active = 1;
    c->read->eof = 1;
    c->write->active = 1;
    c->write->ready = 1;
    c->read->handler = guard<&on_event>;
    c->write->handler = guard<&on_event>;
}

std::string_view copy(ngx_pool_t *pool, const sockaddr *address, socklen_t size)
{
    return pool_copy(pool, {reinterpret_cast<const char *>(address), size});
}

sockaddr *address(std::string_view bytes)
{
    return reinterpret_cast<sockaddr *>(const_cast<char *>(bytes.data()));
}

void set_addresses(ngx_connection_t *c, const Sink &sink)
{
    c->sockaddr = address(sink.client);
    c->socklen = static_cast<socklen_t>(sink.client.size());
    c->addr_text = str(sink.client_text);
    if (!sink.local.empty()) {
        c->local_sockaddr = address(sink.local);
        c->local_socklen = static_cast<socklen_t>(sink.local.size());
    }
}

// All that has to be allocated.
Sink &prepare(ngx_pool_t *pool, const ngx_connection_t &client,
              const Entrance &entrance)
{
    Sink &sink = *pool_new<Sink>(pool);
    sink.http.addr_conf = entrance.address;
    sink.http.conf_ctx = entrance.configuration;
    sink.client = copy(pool, client.sockaddr, client.socklen);
    sink.client_text = pool_copy(pool, view(client.addr_text));
    if (entrance.local != nullptr) {
        sink.local = copy(pool, entrance.local, entrance.local_size);
    }
    return sink;
}

// nginx has counted it as one whose header is being read.
void count([[maybe_unused]] ngx_http_request_t *r)
{
#if (NGX_STAT_STUB)
    ngx_atomic_fetch_add(ngx_stat_active, 1);
    ngx_atomic_fetch_add(ngx_stat_reading, -1);
    ngx_atomic_fetch_add(ngx_stat_writing, 1);
    r->stat_reading = 0;
    r->stat_writing = 1;
#endif
}

using Pool = std::unique_ptr<ngx_pool_t, decltype(&ngx_destroy_pool)>;

// Null when there is none left.
ngx_connection_t *make_connection(const ngx_connection_t &client,
                                  const Entrance &entrance)
{
    Pool pool(ngx_create_pool(kPoolSize, ngx_cycle->log), &ngx_destroy_pool);
    if (pool == nullptr) {
        throw std::bad_alloc();
    }
    Sink &sink = prepare(pool.get(), client, entrance);
    ngx_connection_t *c = ngx_get_connection(null_device, ngx_cycle->log);
    if (c == nullptr) {
        return nullptr;
    }
    sink.connection = c;
    c->pool = pool.release();
    c->data = &sink.http;
    c->buffer = &sink.header;
    c->start_time = ngx_current_msec;
    c->type = entrance.type;
    c->listening = entrance.socket;
    set_log(c, sink);
    set_sink(c);
    set_addresses(c, sink);
    return c;
}

bool has_room()
{
    const ngx_uint_t all = ngx_cycle->connection_n;
    return null_device != -1 && running < all / kShare &&
           ngx_cycle->free_connection_n > all / kReserve + 2 * (running + 1);
}

} // namespace

bool open_null_device()
{
    if (null_device == -1) {
        null_device = open("/dev/null", O_RDWR | O_CLOEXEC);
    }
    return null_device != -1;
}

const ngx_connection_t &this_host()
{
    static sockaddr_in address{};
    static ngx_connection_t connection{};
    if (connection.sockaddr == nullptr) {
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        connection.sockaddr = reinterpret_cast<sockaddr *>(&address);
        connection.socklen = sizeof(address);
        connection.addr_text = str("127.0.0.1");
    }
    return connection;
}

Entrance entrance_of(const ngx_http_request_t &r)
{
    const ngx_connection_t &c = *r.connection;
    return {c.listening,      c.type,
            r.http_connection->addr_conf,
            r.http_connection->conf_ctx,
            c.local_sockaddr, c.local_socklen};
}

Detached make_detached(const ngx_connection_t &client, const Entrance &entrance)
{
    if (ngx_exiting || ngx_terminate || !has_room()) {
        return nullptr;
    }
    ngx_connection_t *c = make_connection(client, entrance);
    if (c == nullptr) {
        return nullptr;
    }
    ngx_http_request_t *r = ngx_http_create_request(c);
    if (r == nullptr) {
        const Pool pool(c->pool, &ngx_destroy_pool);
        ngx_close_connection(c);
        return nullptr;
    }
    count(r);
    c->data = r;
    r->logged = 1;
    r->valid_location = 1;
    r->http_state = NGX_HTTP_PROCESS_REQUEST_STATE;
    // The sink is as fast as the origin.
    r->limit_rate_set = 1;
    r->limit_rate_after_set = 1;
    return Detached(r);
}

void start_detached(Detached detached, ngx_http_event_handler_pt begin,
                    Millis longest)
{
    ngx_http_request_t *r = detached.release();
    ngx_connection_t *c = r->connection;
    pool_find<Sink>(c->pool)->deadline.start(longest);
    r->write_event_handler = begin;
    ngx_post_event(c->write, &ngx_posted_events);
}

void DiscardDetached::operator()(ngx_http_request_t *r) const
{
    ngx_connection_t *c = r->connection;
    ngx_http_free_request(r, 0);
    ngx_http_close_connection(c);
}

} // namespace edge::ngx
