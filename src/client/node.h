// One server as one worker sees it: one pipelined connection. Operations in,
// completions out; whatever goes wrong is an outcome, never an exception or a
// wait beyond the timeout.
#pragma once

#include <memory_resource>
#include <optional>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "client/config.h"
#include "client/link.h"
#include "client/memory_probe.h"
#include "ngx/posted.h"
#include "ngx/timer.h"
#include "redis/exchange.h"

namespace edge::client {

class Node final : private Link::User
{
public:
    // In a process that serves requests (worker, single), from init_process
    // on. All outlive it. `redirector`: in a cluster.
    Node(const RedisConfig &config, Route &route,
         redis::Redirector *redirector = nullptr);

    // In exit_process. No completion is called; operations that are still
    // pending are only withdrawn.
    ~Node();
    Node(const Node &) = delete;
    Node &operator=(const Node &) = delete;

    // Connects; from now on the connection is kept.
    void start() { link_.start(); }
    // The route leads elsewhere now.
    void move() { link_.move(); }
    // For good: what is under way is lost, and completed from the event loop.
    void leave();

    // See Redis::submit().
    template <typename Command>
    bool submit(redis::Operation &operation, const Command &command,
                Millis timeout);

    // See Redis::send_last().
    void send_last(redis::CommandParts command);

    // See Exchange::take_over().
    bool take_over(redis::Operation &operation,
                   const redis::Pipeline::Times &times, bool asking);

    bool up() const { return exchange_.has_value(); }
    // Why not, for health: "does not answer in time". Empty when up.
    std::string_view reason() const { return link_.reason(); }
    // `up`: and does all that it is asked.
    redis::NodeState state() const
    {
        return up() ? node_.impairment.state() : link_.state();
    }
    // With NodeState::noperm: what the user may not do.
    std::string_view missing() const { return node_.missing; }
    const redis::NodeCounters &counters() const { return node_.counters; }
    // As last asked, within 10 s; none: not yet.
    const std::optional<redis::MemoryInfo> &memory() const
    {
        return memory_.info();
    }

    // Called whenever a connection has been made, the first included; as long
    // as the client lives. `data` outlives it.
    using Callback = void (*)(void *data);
    void on_connect(Callback callback, void *data);
    // Likewise, whenever one has been lost.
    void on_loss(Callback callback, void *data);

private:
    void watch(redis::Micros deadline);
    void on_deadline();
    void complete_ended();
    void tell(redis::NodeNews news);

    void on_up() override;
    void on_down() override;
    std::pmr::memory_resource *reply_target() override;
    std::optional<redis::Failure> on_reply(const redis::Reply *reply) override;

    struct Subscription
    {
        Callback callback;
        void *data;
    };

    redis::Node node_;
    Link link_;
    MemoryProbe memory_;
    std::optional<redis::Exchange> exchange_; // while up
    ngx::Timer deadline_timer_;
    redis::Micros deadline_{0}; // of the running timer
    ngx::Posted completions_;
    // When the replies came whose completions are still to be called: those of
    // one turn came together.
    std::optional<redis::Micros> received_;
    static void call(const std::vector<Subscription> &subscriptions);

    std::vector<Subscription> on_connect_;
    std::vector<Subscription> on_loss_;
};

} // namespace edge::client
