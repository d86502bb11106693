#include "ngx/peer.h"

#include "ngx/guard.h"
#include "ngx/text.h"

namespace edge::ngx {

namespace {

ngx_buf_t empty_buffer(std::span<char> memory)
{
    ngx_buf_t buffer{};
    buffer.last = reinterpret_cast<u_char *>(memory.data());
    buffer.end = buffer.last + memory.size();
    return buffer;
}

} // namespace

bool Peer::connect(const Address &address)
{
    ngx_peer_connection_t peer{};
    ngx_sockaddr_t target = address.address;
    ngx_str_t name = str(address.text);
    peer.sockaddr = &target.sockaddr;
    peer.socklen = address.size;
    peer.name = &name;
    peer.get = ngx_event_get_peer;
    peer.log = log_;
    peer.log_error = NGX_ERROR_ERR;

    const ngx_int_t rc = ngx_event_connect_peer(&peer);
    if (rc != NGX_OK && rc != NGX_AGAIN) {
        return false;
    }

    connection_ = peer.connection;
    connection_->data = this;
    listen();
    if (rc == NGX_OK) {
        // Not every event method tells of what was ready from the start.
        ngx_post_event(connection_->write, &ngx_posted_events);
    }
    return true;
}

void Peer::listen()
{
    connection_->read->handler = guard<&Peer::on_read>;
    connection_->write->handler = guard<&Peer::on_write>;
}

// Commands are small and wait for their replies.
bool Peer::connected()
{
    int error = 0;
    socklen_t size = sizeof(error);

    // Some systems report the pending error by failing.
    if (getsockopt(connection_->fd, SOL_SOCKET, SO_ERROR, &error, &size) ==
        -1) {
        error = ngx_socket_errno;
    }
    if (error != 0) {
        ngx_connection_error(connection_, error,
                             const_cast<char *>("connect() failed"));
        return false;
    }
    return ngx_tcp_nodelay(connection_) == NGX_OK;
}

#if (NGX_OPENSSL)

bool Peer::secure(const Tls &tls, std::string_view name)
{
    if (!tls.attach(connection_, name)) {
        return false;
    }
    session_.offer(connection_, name);
    connection_->ssl->handler = guard<&Peer::on_secured>;
    connection_->ssl->save_session = guard<&Peer::on_session>;

    const ngx_int_t rc = ngx_ssl_handshake(connection_);
    if (rc == NGX_OK) {
        ngx_post_event(connection_->write, &ngx_posted_events);
    }
    return rc != NGX_ERROR;
}

std::optional<std::string_view> Peer::insecure() const
{
    return tls_refusal(connection_);
}

void Peer::on_secured(ngx_connection_t *connection)
{
    auto *self = static_cast<Peer *>(connection->data);
    const Handlers handlers = self->handlers_;
    self->listen();
    handlers.writable(handlers.data);
}

void Peer::on_session(ngx_connection_t *connection)
{
    static_cast<Peer *>(connection->data)->session_.keep(connection);
}

#else

bool Peer::secure(const Tls &, std::string_view)
{
    return false;
}

std::optional<std::string_view> Peer::insecure() const
{
    return "TLS handshake failed";
}

#endif

void Peer::close()
{
    if (connection_ == nullptr) {
        return;
    }
    detach_tls(connection_);
    ngx_pool_t *pool = connection_->pool;
    ngx_close_connection(connection_);
    connection_ = nullptr;
    if (pool != nullptr) {
        ngx_destroy_pool(pool);
    }
}

Peer::Io Peer::io(ssize_t result, ngx_int_t waits)
{
    if (result > 0) {
        return {Status::done, static_cast<std::size_t>(result)};
    }
    const bool again = result == NGX_AGAIN && waits == NGX_OK;
    return {again ? Status::again : Status::closed, 0};
}

Peer::Io Peer::receive(std::span<char> first, std::span<char> rest)
{
    ngx_buf_t buffers[] = {empty_buffer(first), empty_buffer(rest)};
    ngx_chain_t tail{&buffers[1], nullptr};
    ngx_chain_t head{&buffers[0], &tail};
    const ssize_t n = connection_->recv_chain(
        connection_, first.empty() ? &tail : &head, 0);
    return io(n, ngx_handle_read_event(connection_->read, 0));
}

Peer::Io Peer::send(std::string_view text)
{
    const ssize_t n = connection_->send(connection_, bytes(text), text.size());
    return io(n, ngx_handle_write_event(connection_->write, 0));
}

void Peer::on_read(ngx_event_t *event)
{
    const auto *connection = static_cast<ngx_connection_t *>(event->data);
    const Handlers handlers = static_cast<Peer *>(connection->data)->handlers_;
    handlers.readable(handlers.data);
}

void Peer::on_write(ngx_event_t *event)
{
    const auto *connection = static_cast<ngx_connection_t *>(event->data);
    const Handlers handlers = static_cast<Peer *>(connection->data)->handlers_;
    handlers.writable(handlers.data);
}

} // namespace edge::ngx
