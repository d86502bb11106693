// Redis as one worker sees it: one `edge_redis` block. Which servers there are
// behind it, and which of them has what, is nobody else's business.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "client/cluster.h"
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

    // False at once when Redis is down or flooded, or too slow of late for a
    // `timeout` below the configured one: there is no completion,
    // the outcome is `idle`. Otherwise the command leaves with others of this
    // turn of the event loop and the next, and the completion comes from the
    // event loop, at the latest when `timeout` (the configured one) is over.
    bool submit(redis::Operation &operation, redis::CommandParts command)
    {
        return submit(operation, command, config_.timeout);
    }
    bool submit(redis::Operation &operation, redis::CommandParts command,
                Millis timeout)
    {
        const std::string_view key =
            command.size() > 1 ? command[1] : std::string_view();
        return submit_to(find(key), operation, command, timeout);
    }
    // `call` and all it points to stay until the operation has ended.
    bool submit(redis::Operation &operation, const redis::ScriptCall &call)
    {
        return submit(operation, call, config_.timeout);
    }
    bool submit(redis::Operation &operation, const redis::ScriptCall &call,
                Millis timeout)
    {
        const std::string_view key =
            call.keys.empty() ? std::string_view() : call.keys.front();
        return submit_to(find(key), operation, call, timeout);
    }

    // In exit_process: leaves now, as far as it can, to where `key` is. Nobody
    // reads the answer.
    void send_last(std::string_view key, redis::CommandParts command);

    // In a cluster: whether any of its nodes is.
    bool up() const;
    // Why not, for health: "does not answer in time". Empty when up.
    std::string_view reason() const;
    // `up`: and does all that it is asked.
    redis::NodeState state() const;
    // With NodeState::noperm: what the user may not do.
    std::string_view missing() const;
    // Of all masters together; none: nobody has said yet.
    std::optional<redis::MemoryInfo> memory() const;
    const RedisConfig &config() const { return config_; }

    // Called whenever a connection has been made, the first included; as long
    // as the client lives. `data` outlives it.
    void on_connect(Node::Callback callback, void *data);
    // Likewise, whenever one has been lost: what was waited for may not come.
    void on_loss(Node::Callback callback, void *data);

    // For one more connection, to where `key` is. The user is told when its
    // route may have changed, by its move(); it goes before this.
    class RouteUser
    {
    public:
        virtual void move() = 0;

    protected:
        ~RouteUser() = default;
    };
    std::unique_ptr<Route> add_route(RouteUser &user, std::string_view key);
    void remove_route(RouteUser &user);

private:
    struct Sentinels;
    class MasterRoute;

    static void on_topology(void *data);
    static void on_slots(void *data);
    std::unique_ptr<Route> make_route();
    void move_users();

    // Null: nobody has the key, as far as is known.
    Node *find(std::string_view key);
    template <typename Command>
    static bool submit_to(Node *node, redis::Operation &operation,
                          const Command &command, Millis timeout)
    {
        if (node == nullptr) {
            operation.withdraw();
            return false;
        }
        return node->submit(operation, command, timeout);
    }

    const RedisConfig &config_;
    std::unique_ptr<Sentinels> sentinels_; // mode sentinel

    std::unique_ptr<Cluster> cluster_; // mode cluster: instead of the node

    std::unique_ptr<Route> route_;
    std::unique_ptr<Node> node_;
    std::vector<RouteUser *> users_;
};

} // namespace edge::client
