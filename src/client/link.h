// A connection that is kept: goes where its route says, connects within its
// time, tries again after each loss with growing pauses, and logs each change
// once.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/time.h"
#include "client/connection.h"
#include "client/route.h"
#include "ngx/resolve.h"
#include "ngx/timer.h"
#include "redis/breaker.h"

namespace edge::client {

class Link final : private Connection::Listener
{
public:
    class User
    {
    public:
        virtual void on_up() = 0;
        // What was under way is lost. Not called for attempts that fail.
        virtual void on_down() = 0;
        virtual std::pmr::memory_resource *reply_target() = 0;
        virtual std::optional<redis::Failure>
        on_reply(const redis::Reply *reply) = 0;

    protected:
        ~User() = default;
    };

    // `role` is for the log: "redis", "sentinel". All references outlive the
    // link.
    Link(const Connection::Settings &settings, Route &route,
         redis::Breaker &breaker, User &user, std::string_view role);

    // The first attempt. Until then, and after stop(), nothing happens.
    void start();
    void stop();
    // The route may lead elsewhere now: then what it is connected to is left.
    void move();

    bool up() const { return connection_.ready(); }
    // Why it is down; empty if it is not, or not yet.
    std::string_view reason() const { return reason_; }
    redis::NodeState state() const { return state_; }
    ngx_log_t *log() { return connection_.log().get(); }

    redis::Output &output() { return connection_.output(); }
    void flush() { connection_.flush(); }
    void flush_now() { connection_.flush_now(); }
    // Closes the connection and tries again later.
    void fail(const redis::Failure &failure) { connection_.fail(failure); }

private:
    // A wrong password must not be hammered at the server.
    static constexpr Millis kRefusedDelay{2000};
    // Between two lines that say it is down.
    static constexpr Millis kLogInterval{10000};

    void attempt();
    void resolve(const Server &server);
    void connect(const Server &server,
                 const std::vector<ngx::Address> &addresses);
    void on_resolved();
    void advance();
    void on_connect_timeout();
    void tell(bool is_up);

    void on_ready() override;
    void on_closed(const redis::Failure &failure) override;
    std::pmr::memory_resource *reply_target() override
    {
        return user_.reply_target();
    }
    std::optional<redis::Failure> on_reply(const redis::Reply *reply) override
    {
        return user_.on_reply(reply);
    }

    const RedisConfig &config_;
    Route &route_;
    redis::Breaker &breaker_;
    User &user_;
    const std::string_view role_;
    Connection connection_;
    ngx::Resolve resolve_;
    ngx::Timer connect_timer_;
    ngx::Timer retry_timer_;
    redis::Endpoint target_;       // of the last attempt
    std::size_t next_address_ = 0; // of those that a server has
    std::size_t last_address_ = 0;
    bool started_ = false;
    bool was_up_ = false;
    bool failing_ = false; // the last attempt did
    bool told_up_ = true;  // what the log said last
    ngx_msec_t told_down_at_ = 0;
    std::string reason_;
    redis::NodeState state_ = redis::NodeState::connecting;
};

} // namespace edge::client
