// Redis Cluster as one worker sees it: a Node for each master, every operation
// to the one that has its key.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "client/node.h"
#include "client/route.h"
#include "client/watch.h"
#include "redis/cluster.h"

namespace edge::client {

class Cluster final : private redis::Redirector
{
public:
    // Called when slots have moved. `config` and `data` outlive it.
    using Callback = void (*)(void *data);
    Cluster(const RedisConfig &config, Callback on_change, void *data);
    ~Cluster();

    void start() { watch_.start(); }

    // Null: nobody is known to have it.
    Node *find(std::string_view key);
    // To the master that has this key, wherever that is.
    std::unique_ptr<Route> route_to(std::string_view key);

    // Whether any node can be asked.
    bool up() const;
    std::string_view reason() const;
    // Of the node that is worst off; before any is known, of the search.
    redis::NodeState state() const;
    std::string_view missing() const;
    // Of all that have said; the policy of one.
    std::optional<redis::MemoryInfo> memory() const;

    // See Node: of any node.
    void on_connect(Node::Callback callback, void *data);
    void on_loss(Node::Callback callback, void *data);

private:
    // A master. It lives on for a while when it has no slots any more: what it
    // was asked ends first.
    struct Member final : Route
    {
        Member(const RedisConfig &config, const redis::Endpoint &endpoint,
               Cluster &cluster);

        const Server *current() override { return &server; }
        void advance() override { cluster.watch_.ask_soon(); }

        Server server;
        Cluster &cluster;
        Node node;
        ngx_msec_t left_at = 0;
    };
    class KeyRoute;

    static constexpr ngx_msec_t kKeepLeft = 1000;

    static void on_topology(void *data);
    bool redirect(std::string_view error, redis::Operation &operation,
                  const redis::Pipeline::Times &times) override;
    Member *member(const redis::Endpoint &endpoint);
    Member &join(const redis::Endpoint &endpoint);
    void update();
    const Node *worst() const;

    const RedisConfig &config_;
    Callback on_change_;
    void *data_;
    std::vector<Server> seeds_; // the configured ones, then the members
    redis::Cluster cluster_;
    Watch watch_;
    std::vector<std::unique_ptr<Member>> members_;
    std::vector<std::unique_ptr<Member>> left_;
    struct Subscription
    {
        Node::Callback callback;
        void *data;
    };
    std::vector<Subscription> on_connect_;
    std::vector<Subscription> on_loss_;
};

} // namespace edge::client
