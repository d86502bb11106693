#include "client/connection.h"

#include <algorithm>
#include <array>

namespace edge::client {

using redis::NodeState;

namespace {

// Large enough for most replies of one turn.
constexpr std::size_t kReadSize = 32 * 1024;

// A write that wakes Redis costs more than a hit: what is no full segment of
// TCP waits for more.
constexpr std::size_t kWorthAWrite = 1448;

} // namespace

Connection::Connection(const Settings &settings, Listener &listener)
    : settings_(settings), listener_(listener), log_(*ngx_cycle->log),
      peer_({[](void *data) { static_cast<Connection *>(data)->on_readable(); },
             [](void *data) { static_cast<Connection *>(data)->on_writable(); },
             this},
            log_.get()),
      flush_([](void *data) { static_cast<Connection *>(data)->send(); }, this)
{
}

redis::HandshakeOptions Connection::handshake_options() const
{
    return {.user = settings_.credentials.user,
            .passwords = settings_.credentials.passwords,
            .db = settings_.db,
            .has_to_be_master = settings_.has_to_be_master,
            .client_name = settings_.config.client_name};
}

void Connection::name_target(std::string_view address)
{
    std::string context = "talking to redis \"";
    context.append(settings_.config.name).append("\" at ").append(address);
    log_.set_context(context);
}

void Connection::connect(const Server &server, const ngx::Address &address)
{
    name_target(address.text);
    tls_name_ = settings_.config.tls_name.empty() ? server.endpoint.host
                                                  : settings_.config.tls_name;

    handshake_memory_.release();
    reader_.emplace();
    handshake_.emplace(handshake_options());
    state_ = State::connecting;
    if (!peer_.connect(address)) {
        fail({NodeState::unreachable, "connect failed"});
    }
}

void Connection::close()
{
    state_ = State::closed;
    peer_.close();
    output_.clear();
    reader_.reset();
}

void Connection::fail(const redis::Failure &failure)
{
    close();
    listener_.on_closed(failure);
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
        why ? fail({NodeState::untrusted, *why}) : begin_handshake();
    } else if (!peer_.connected()) {
        fail({NodeState::unreachable, "connect failed"});
    } else if (settings_.config.tls != nullptr) {
        secure();
    } else {
        begin_handshake();
    }
}

void Connection::secure()
{
    state_ = State::securing;
    if (!peer_.secure(*settings_.config.tls, tls_name_)) {
        fail({NodeState::untrusted, "TLS handshake failed"});
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

void Connection::flush()
{
    output_.unsent().size() < kWorthAWrite ? flush_.post_next() : flush_.post();
}

void Connection::send()
{
    while (state_ != State::closed && !output_.empty()) {
        const ngx::Peer::Io io = peer_.send(output_.unsent());
        if (io.status == ngx::Peer::Status::again) {
            return;
        }
        if (io.status == ngx::Peer::Status::closed) {
            fail({NodeState::unreachable, "connection broken"});
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

    const std::span<char> space = reader_->space(target());
    const ngx::Peer::Io io = peer_.receive(space, buffer);
    if (io.status == ngx::Peer::Status::again) {
        return false;
    }
    if (io.status == ngx::Peer::Status::closed) {
        fail({NodeState::closed, "connection closed"});
        return false;
    }
    const std::size_t direct = std::min(io.size, space.size());
    if (direct > 0) {
        reader_->received(direct);
    }
    reader_->feed({buffer.data(), io.size - direct});
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
            fail({NodeState::strange, describe(reader_->violation())});
            return false;
        }
        if (state_ == State::handshake) {
            if (!take_handshake_reply(*next.reply)) {
                return false;
            }
        } else if (const auto failure = listener_.on_reply(next.reply)) {
            fail(*failure);
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
    case Progress::failed:
        break;
    }

    std::string why(handshake_->failed_step());
    why.append(" answered by ").append(handshake_->failed_code());
    fail({handshake_->failed_state(), why});
    return false;
}

} // namespace edge::client
