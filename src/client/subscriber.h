// Messages of some channels, as wake-ups: any of them may be lost, so whoever
// listens also looks for itself from time to time.
#pragma once

#include <memory_resource>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/link.h"
#include "client/redis.h"
#include "ngx/timer.h"
#include "redis/breaker.h"

namespace edge::client {

class Subscriber final : private Link::User, private Redis::RouteUser
{
public:
    // Called for every message, and for each channel once when its
    // subscription is (again) in force, as messages may have been missed
    // before: `message` is empty then. Must not destroy the subscriber.
    using Callback = void (*)(void *data, std::string_view channel,
                              std::string_view message);

    // A connection of its own to the same data. `redis` outlives it.
    Subscriber(Redis &redis, std::vector<std::string> channels,
               Callback callback, void *data);
    ~Subscriber();
    Subscriber(const Subscriber &) = delete;
    Subscriber &operator=(const Subscriber &) = delete;

    void start();
    bool subscribed() const { return subscribed_; }

private:
    // A connection that is silent may be dead: a PING every period, and if
    // nothing has come until the next one, another connection.
    static constexpr Millis kPingPeriod{2000};

    void on_ping_time();
    void move() override { link_.move(); }

    void on_up() override;
    void on_down() override;
    std::pmr::memory_resource *reply_target() override { return &memory_; }
    std::optional<redis::Failure> on_reply(const redis::Reply *reply) override;

    const std::vector<std::string> channels_;
    Callback callback_;
    void *data_;
    Redis &redis_;
    redis::Breaker breaker_;
    std::unique_ptr<Route> route_;
    Link link_;
    ngx::Timer ping_timer_;
    bool subscribed_ = false;
    bool heard_ = false;                         // since the last PING
    std::pmr::monotonic_buffer_resource memory_; // of one reply
};

} // namespace edge::client
