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
        enum class Cause
        {
            closed, // by the server
            failed,
            refused // user or password: do not hurry to try again
        };
        virtual void on_closed(Cause cause, std::string_view why) = 0;

        // For the next reply: see redis::Reader::next().
        virtual std::pmr::memory_resource *reply_target() = 0;
        // nullptr: dropped. Returns why the connection is to be closed, if
        // it is. Must not close it or destroy it.
        virtual std::optional<std::string_view>
        on_reply(const redis::Reply *reply) = 0;

    protected:
        ~Listener() = default;
    };

    // Both outlive the connection.
    Connection(const RedisConfig &config, Listener &listener);

    // Requires a closed connection. Failures come through on_closed(), also
    // from inside.
    void connect(const Server &server);
    // Tells nobody.
    void close();
    // As if it had failed by itself.
    void fail(std::string_view why);

    bool ready() const { return state_ == State::ready; }
    bool connecting() const
    {
        return state_ != State::closed && state_ != State::ready;
    }

    // What was appended to the output leaves in one write at the end of this
    // turn of the event loop.
    redis::Output &output() { return output_; }
    void flush() { flush_.post(); }

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
    void end(Listener::Cause cause, std::string_view why);
    redis::HandshakeOptions handshake_options() const;
    std::pmr::memory_resource *target();

    const RedisConfig &config_;
    Listener &listener_;
    ngx::ContextLog log_;
    ngx::Peer peer_;
    ngx::Posted flush_;
    State state_ = State::closed;
    std::string_view tls_name_; // of the server that it is connected to
    redis::Output output_;
    std::optional<redis::Reader> reader_;
    std::optional<redis::Handshake> handshake_;
    std::pmr::monotonic_buffer_resource handshake_memory_;
};

} // namespace edge::client
