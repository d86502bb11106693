// One connection to Redis: socket, handshake, bytes out, replies in. What the
// replies mean is its listener's business.
#pragma once

#include <memory_resource>
#include <optional>
#include <string>
#include <string_view>

#include "client/config.h"
#include "ngx/log.h"
#include "ngx/peer.h"
#include "ngx/posted.h"
#include "redis/handshake.h"
#include "redis/output.h"
#include "redis/reader.h"
#include "redis/state.h"

namespace edge::client {

class Connection
{
public:
    class Listener
    {
    public:
        // The handshake is done: from now on the output is the listener's.
        virtual void on_ready() = 0;

        // Closed by anyone but close(). It may be connected again at once.
        virtual void on_closed(const redis::Failure &failure) = 0;

        // For the next reply: see redis::Reader::next().
        virtual std::pmr::memory_resource *reply_target() = 0;
        // nullptr: dropped. Returns why the connection is to be closed, if
        // it is. Must not close it or destroy it.
        virtual std::optional<redis::Failure>
        on_reply(const redis::Reply *reply) = 0;

    protected:
        ~Listener() = default;
    };

    // What is said on a new connection, and how much time there is for it.
    struct Settings
    {
        const RedisConfig &config;
        const Credentials &credentials;
        unsigned db;
        bool has_to_be_master;
    };

    // Both outlive the connection.
    Connection(const Settings &settings, Listener &listener);

    // Requires a closed connection. Failures come through on_closed(), also
    // from inside.
    void connect(const Server &server, const ngx::Address &address);
    // For the log.
    void name_target(std::string_view address);
    // Tells nobody.
    void close();
    // As if it had failed by itself.
    void fail(const redis::Failure &failure);

    bool ready() const { return state_ == State::ready; }
    bool connecting() const
    {
        return state_ != State::closed && state_ != State::ready;
    }

    // What was appended to the output leaves in one write at the end of the
    // next turn of the event loop, which takes what is ready and does not wait;
    // of this one once it fills a segment.
    redis::Output &output() { return output_; }
    void flush();
    // No event loop runs any more.
    void flush_now() { send(); }

    ngx::ContextLog &log() { return log_; }

private:
    enum class State
    {
        closed,
        connecting,
        securing,
        handshake,
        ready
    };

    bool under_way() const;
    void go_on();
    void secure();
    void begin_handshake();
    void on_readable();
    void on_writable();
    bool receive();
    bool take_replies();
    bool take_handshake_reply(const redis::Reply &reply);
    void next_step();
    void send();
    redis::HandshakeOptions handshake_options() const;
    std::pmr::memory_resource *target();

    const Settings settings_;
    Listener &listener_;
    ngx::ContextLog log_;
    ngx::Peer peer_;
    ngx::Posted flush_;
    State state_ = State::closed;
    std::string tls_name_; // of the server that it is connected to
    redis::Output output_;
    std::optional<redis::Reader> reader_;
    std::optional<redis::Handshake> handshake_;
    std::pmr::monotonic_buffer_resource handshake_memory_;
};

} // namespace edge::client
