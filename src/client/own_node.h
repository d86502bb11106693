// One more connection, to where a key is, for commands that hold up whatever
// comes behind them (WAIT): requests' commands go through Redis.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "client/node.h"
#include "client/redis.h"

namespace edge::client {

class OwnNode final : private Redis::RouteUser
{
public:
    // `redis` outlives it. Connects at once.
    OwnNode(Redis &redis, std::string_view key);
    ~OwnNode();
    OwnNode(const OwnNode &) = delete;
    OwnNode &operator=(const OwnNode &) = delete;

    // See Redis::submit(). A node that has the key no more says so: nothing
    // is sent on.
    template <typename Command>
    bool submit(redis::Operation &operation, const Command &command,
                Millis timeout)
    {
        return node_.submit(operation, command, timeout);
    }

    // See Redis::send_last().
    void send_last(redis::CommandParts command) { node_.send_last(command); }

    bool up() const { return node_.up(); }
    std::string_view reason() const { return node_.reason(); }
    const RedisConfig &config() const { return redis_.config(); }
    // Rises with each: WAIT is about what its own connection has written.
    std::uint64_t connection() const { return node_.counters().connections; }

    void on_connect(Node::Callback callback, void *data)
    {
        node_.on_connect(callback, data);
    }

private:
    void move() override { node_.move(); }

    Redis &redis_;
    std::unique_ptr<Route> route_;
    Node node_;
};

} // namespace edge::client
