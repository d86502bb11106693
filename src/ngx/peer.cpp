#include "ngx/peer.h"

#include "ngx/guard.h"
#include "ngx/text.h"

namespace edge::ngx {

bool Peer::connect(const Address &address)
{
    ngx_peer_connection_t peer{};
    ngx_str_t name = address.text;
    peer.sockaddr = address.address;
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
    connection_->read->handler = guard<&Peer::on_read>;
    connection_->write->handler = guard<&Peer::on_write>;
    if (rc == NGX_OK) {
        // Not every event method tells of what was ready from the start.
        ngx_post_event(connection_->write, &ngx_posted_events);
    }
    return true;
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

void Peer::close()
{
    if (connection_ != nullptr) {
        ngx_close_connection(connection_);
        connection_ = nullptr;
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

Peer::Io Peer::receive(std::span<char> buffer)
{
    auto *data = reinterpret_cast<u_char *>(buffer.data());
    const ssize_t n = connection_->recv(connection_, data, buffer.size());
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
