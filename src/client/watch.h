// Keeps asking servers who serves what, one of them at a time: the socket and
// the clock of a redis::Topology.
#pragma once

#include <memory_resource>
#include <optional>
#include <string_view>

#include "client/link.h"
#include "client/route.h"
#include "ngx/timer.h"
#include "redis/breaker.h"
#include "redis/topology.h"

namespace edge::client {

class Watch final : private Link::User
{
public:
    // Called when the topology has changed.
    using Callback = void (*)(void *data);

    // References and `data` outlive it. `role` is for the log.
    Watch(const Connection::Settings &settings,
          const std::vector<Server> &servers, redis::Topology &topology,
          std::string_view role, Callback callback, void *data);
    ~Watch();
    Watch(const Watch &) = delete;
    Watch &operator=(const Watch &) = delete;

    void start() { link_.start(); }
    // Asks now rather than in a second, though not again and again.
    void ask_soon();

    std::string_view reason() const { return link_.reason(); }
    redis::NodeState state() const { return link_.state(); }
    ngx_log_t *log() { return link_.log(); }

private:
    static constexpr Millis kPeriod{1000};
    static constexpr Millis kSoon{100};

    void ask();
    void on_time();

    void on_up() override;
    void on_down() override;
    std::pmr::memory_resource *reply_target() override { return &memory_; }
    std::optional<redis::Failure> on_reply(const redis::Reply *reply) override;

    redis::Topology &topology_;
    Callback callback_;
    void *data_;
    redis::Breaker breaker_;
    Rotation servers_;
    Link link_;
    ngx::Timer timer_;
    bool soon_ = false;
    bool heard_ = false;                         // since it was asked
    ngx_msec_t asked_ = 0;                       // when it was, first
    std::pmr::monotonic_buffer_resource memory_; // of one reply
};

} // namespace edge::client
