// Redis as one worker sees it: one `edge_redis` block. Which servers there are
// behind it, and which of them has what, is nobody else's business.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "client/config.h"
#include "client/node.h"
#include "client/route.h"

namespace edge::client {

class Redis
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
    bool submit(redis::Operation &operation, redis::CommandParts command)
    {
        return submit(operation, command, config_.timeout);
    }
    bool submit(redis::Operation &operation, redis::CommandParts command,
                Millis timeout)
    {
        return node_->submit(operation, command, timeout);
    }
    // `call` and all it points to stay until the operation has ended.
    bool submit(redis::Operation &operation, const redis::ScriptCall &call)
    {
        return submit(operation, call, config_.timeout);
    }
    bool submit(redis::Operation &operation, const redis::ScriptCall &call,
                Millis timeout)
    {
        return node_->submit(operation, call, timeout);
    }

    bool up() const { return node_->up(); }
    // Why not, for health: "does not answer in time". Empty when up.
    std::string_view reason() const;
    // `up`: and does all that it is asked.
    redis::NodeState state() const;
    // With NodeState::noperm: what the user may not do.
    std::string_view missing() const { return node_->missing(); }
    const RedisConfig &config() const { return config_; }

    // Called whenever a connection has been made, the first included; as long
    // as the client lives. `data` outlives it.
    void on_connect(Node::Callback callback, void *data)
    {
        node_->on_connect(callback, data);
    }

    // For one more connection to the same data. The user is told when its
    // route has changed, by its move(); it goes before this.
    class RouteUser
    {
    public:
        virtual void move() = 0;

    protected:
        ~RouteUser() = default;
    };
    std::unique_ptr<Route> add_route(RouteUser &user);
    void remove_route(RouteUser &user);

private:
    struct Sentinels;
    class MasterRoute;

    static void on_topology(void *data);
    std::unique_ptr<Route> make_route();

    const RedisConfig &config_;
    std::unique_ptr<Sentinels> sentinels_; // mode sentinel

    std::unique_ptr<Route> route_;
    std::unique_ptr<Node> node_;
    std::vector<RouteUser *> users_;
};

} // namespace edge::client
