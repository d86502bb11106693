// Redis as one worker sees it: one `edge_redis` block, one pipelined
// connection. Operations in, completions out; whatever goes wrong is an
// outcome, never an exception or a wait beyond the timeout.
#pragma once

#include <memory_resource>
#include <optional>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "client/config.h"
#include "client/link.h"
#include "ngx/posted.h"
#include "ngx/timer.h"
#include "redis/exchange.h"

namespace edge::client {

class Redis final : private Link::User
{
public:
    // In a process that serves requests (worker, single), from init_process
    // on. `config` outlives it.
    explicit Redis(const RedisConfig &config);

    // In exit_process. No completion is called; operations that are still
    // pending are only withdrawn.
    ~Redis();
    Redis(const Redis &) = delete;
    Redis &operator=(const Redis &) = delete;

    // Connects; from now on the connection is kept.
    void start();

    // False at once when Redis is down or flooded: there is no completion,
    // the outcome is `idle`. Otherwise the command leaves with all others of
    // this turn of the event loop, and the completion comes from the event
    // loop, at the latest when `timeout` (the configured one) is over.
    bool submit(redis::Operation &operation, redis::CommandParts command);
    bool submit(redis::Operation &operation, redis::CommandParts command,
                Millis timeout);
    // `call` and all it points to stay until the operation has ended.
    bool submit(redis::Operation &operation, const redis::ScriptCall &call);
    bool submit(redis::Operation &operation, const redis::ScriptCall &call,
                Millis timeout);

    bool up() const { return exchange_.has_value(); }
    // Why not, for health: "does not answer in time". Empty when up.
    std::string_view reason() const { return link_.reason(); }
    const redis::NodeCounters &counters() const { return node_.counters; }
    const RedisConfig &config() const { return config_; }

    // Called whenever a connection has been made, the first included; as long
    // as the client lives. `data` outlives it.
    using Callback = void (*)(void *data);
    void on_connect(Callback callback, void *data);

private:
    template <typename Command>
    bool send(redis::Operation &operation, const Command &command,
              Millis timeout);
    void watch(redis::Micros deadline);
    void on_deadline();
    void complete_ended();

    void on_up() override;
    void on_down() override;
    std::pmr::memory_resource *reply_target() override;
    std::optional<std::string_view>
    on_reply(const redis::Reply *reply) override;

    struct Subscription
    {
        Callback callback;
        void *data;
    };

    const RedisConfig &config_;
    redis::Node node_;
    Link link_;
    std::optional<redis::Exchange> exchange_; // while up
    ngx::Timer deadline_timer_;
    redis::Micros deadline_{0}; // of the running timer
    ngx::Posted completions_;
    std::vector<Subscription> on_connect_;
};

} // namespace edge::client
