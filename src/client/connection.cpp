#include "client/connection.h"

#include <array>

namespace edge::client {
namespace {

// Large enough for most replies of one turn, small enough to move about in
// hiredis' buffer.
constexpr std::size_t kReadSize = 32 * 1024;

} // namespace

Connection::Connection(const RedisConfig &config, Listener &listener)
    : config_(config), listener_(listener), log_(*ngx_cycle->log),
      peer_({[](void *data) { static_cast<Connection *>(data)->on_readable(); },
             [](void *data) { static_cast<Connection *>(data)->on_writable(); },
             this},
            log_.get()),
      flush_([](void *data) { static_cast<Connection *>(data)->send(); }, this)
{
}

redis::HandshakeOptions Connection::handshake_options() const
{
    return {config_.user, config_.passwords, config_.db, config_.client_name};
}

void Connection::connect(const Server &server)
{
    std::string context = "talking to redis \"";
    context.append(config_.name).append("\" at ");
    context.append(server.address.text);
    log_.set_context(context);
    tls_name_ = config_.tls_name.empty() ? server.host : config_.tls_name;

    handshake_memory_.release();
    reader_.emplace();
    handshake_.emplace(handshake_options());
    state_ = State::connecting;
    if (!peer_.connect(server.address)) {
        end(Listener::Cause::failed, "connect failed");
    }
}

void Connection::close()
{
    state_ = State::closed;
    peer_.close();
    output_.clear();
    reader_.reset();
}

void Connection::fail(std::string_view why)
{
    end(Listener::Cause::failed, why);
}

void Connection::end(Listener::Cause cause, std::string_view why)
{
    close();
    listener_.on_closed(cause, why);
}

bool Connection::under_way() const
{
    return state_ == State::connecting || state_ == State::securing;
}

// The socket has something to tell before the first command is sent.
void Connection::go_on()
{
    if (state_ == State::securing) {
        const auto why = peer_.insecure();
        why ? fail(*why) : begin_handshake();
    } else if (!peer_.connected()) {
        fail("connect failed");
    } else if (config_.tls != nullptr) {
        secure();
    } else {
        begin_handshake();
    }
}

void Connection::secure()
{
    state_ = State::securing;
    if (!peer_.secure(*config_.tls, tls_name_)) {
        fail("TLS handshake failed");
    }
}

void Connection::begin_handshake()
{
    state_ = State::handshake;
    next_step();
}

void Connection::next_step()
{
    handshake_->append_next(output_.bytes());
    flush_.post();
}

void Connection::on_writable()
{
    if (under_way()) {
        go_on();
    } else {
        send();
    }
}

void Connection::send()
{
    while (state_ != State::closed && !output_.empty()) {
        const ngx::Peer::Io io = peer_.send(output_.unsent());
        if (io.status == ngx::Peer::Status::again) {
            return;
        }
        if (io.status == ngx::Peer::Status::closed) {
            fail("connection broken");
            return;
        }
        output_.consume(io.size);
    }
}

void Connection::on_readable()
{
    if (under_way()) {
        go_on();
    }
    while (state_ != State::closed && !under_way() && receive()) {
    }
}

// True: there may be more.
bool Connection::receive()
{
    std::array<char, kReadSize> buffer;

    const ngx::Peer::Io io = peer_.receive(buffer);
    if (io.status == ngx::Peer::Status::again) {
        return false;
    }
    if (io.status == ngx::Peer::Status::closed) {
        end(Listener::Cause::closed, "connection closed");
        return false;
    }
    reader_->feed({buffer.data(), io.size});
    return take_replies();
}

std::pmr::memory_resource *Connection::target()
{
    return state_ == State::ready ? listener_.reply_target()
                                  : &handshake_memory_;
}

// False: the connection has been closed.
bool Connection::take_replies()
{
    using Status = redis::Reader::Status;

    for (;;) {
        const redis::Reader::Next next = reader_->next(target());
        if (next.status == Status::incomplete) {
            return true;
        }
        if (next.status == Status::violated) {
            fail(describe(reader_->violation()));
            return false;
        }
        if (state_ == State::handshake) {
            if (!take_handshake_reply(*next.reply)) {
                return false;
            }
        } else if (const auto why = listener_.on_reply(next.reply)) {
            fail(*why);
            return false;
        }
    }
}

bool Connection::take_handshake_reply(const redis::Reply &reply)
{
    using Progress = redis::Handshake::Progress;

    const Progress progress = handshake_->take(reply);
    handshake_memory_.release();
    switch (progress) {
    case Progress::next:
        next_step();
        return true;
    case Progress::done:
        state_ = State::ready;
        listener_.on_ready();
        return state_ != State::closed;
    case Progress::refused:
    case Progress::failed:
        break;
    }

    std::string why(handshake_->failed_step());
    why.append(" answered by ").append(handshake_->failed_code());
    end(progress == Progress::refused ? Listener::Cause::refused
                                      : Listener::Cause::failed,
        why);
    return false;
}

} // namespace edge::client
