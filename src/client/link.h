// A connection that is kept: connects within its time, tries the servers in
// turn after each loss, with growing pauses, and logs each change once.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/time.h"
#include "client/connection.h"
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
        virtual std::optional<std::string_view>
        on_reply(const redis::Reply *reply) = 0;

    protected:
        ~User() = default;
    };

    // `role` is for the log: "redis", "redis subscriber". All references
    // outlive the link.
    Link(const RedisConfig &config, redis::Breaker &breaker, User &user,
         std::string_view role);

    // The first attempt. Until then, and after stop(), nothing happens.
    void start();
    void stop();

    bool up() const { return connection_.ready(); }
    // Why it is down; empty if it is not, or not yet.
    std::string_view reason() const { return reason_; }

    redis::Output &output() { return connection_.output(); }
    void flush() { connection_.flush(); }
    // Closes the connection and tries again later.
    void fail(std::string_view why) { connection_.fail(why); }

private:
    // A wrong password must not be hammered at the server.
    static constexpr Millis kRefusedDelay{2000};
    // Between two lines that say it is down.
    static constexpr Millis kLogInterval{10000};

    void attempt();
    void on_connect_timeout();
    void tell(bool is_up);

    void on_ready() override;
    void on_closed(Cause cause, std::string_view why) override;
    std::pmr::memory_resource *reply_target() override
    {
        return user_.reply_target();
    }
    std::optional<std::string_view> on_reply(const redis::Reply *reply) override
    {
        return user_.on_reply(reply);
    }

    const RedisConfig &config_;
    redis::Breaker &breaker_;
    User &user_;
    const std::string_view role_;
    Connection connection_;
    ngx::Timer connect_timer_;
    ngx::Timer retry_timer_;
    std::size_t next_server_ = 0;
    bool was_up_ = false;
    bool failing_ = false; // the last attempt did
    bool told_up_ = true;  // what the log said last
    ngx_msec_t told_down_at_ = 0;
    std::string reason_;
};

} // namespace edge::client
