#include "client/redis.h"

#include <algorithm>
#include <optional>

#include "client/watch.h"
#include "redis/sentinel.h"

namespace edge::client {

// The servers of the block are Sentinels; which server is the master they
// tell.
struct Redis::Sentinels
{
    Sentinels(const RedisConfig &config, Watch::Callback callback, void *data)
        : sentinel(config.master),
          watch({config, config.sentinel, 0, false}, config.servers, sentinel,
                "sentinel", callback, data)
    {
    }

    redis::Sentinel sentinel;
    std::optional<Server> master; // until it is known, none
    Watch watch;
};

// Leads to the master, wherever that is.
class Redis::MasterRoute final : public Route
{
public:
    explicit MasterRoute(Sentinels &sentinels) : sentinels_(sentinels) {}

    const Server *current() override
    {
        return sentinels_.master ? &*sentinels_.master : nullptr;
    }
    void advance() override { sentinels_.watch.ask_soon(); }

private:
    Sentinels &sentinels_;
};

Redis::Redis(const RedisConfig &config) : config_(config)
{
    if (config.mode == Mode::cluster) {
        cluster_ = std::make_unique<Cluster>(config, &Redis::on_slots, this);
        return;
    }
    if (config.mode == Mode::sentinel) {
        sentinels_ =
            std::make_unique<Sentinels>(config, &Redis::on_topology, this);
    }
    route_ = make_route();
    node_ = std::make_unique<Node>(config, *route_);
}

void Redis::send_last(std::string_view key, redis::CommandParts command)
{
    if (Node *node = find(key)) {
        node->send_last(command);
    }
}

Redis::~Redis() = default;

std::unique_ptr<Route> Redis::make_route()
{
    if (sentinels_) {
        return std::make_unique<MasterRoute>(*sentinels_);
    }
    return std::make_unique<Rotation>(config_.servers);
}

void Redis::start()
{
    if (cluster_) {
        cluster_->start();
        return;
    }
    if (sentinels_) {
        sentinels_->watch.start();
    }
    node_->start();
}

Node *Redis::find(std::string_view key)
{
    return cluster_ ? cluster_->find(key) : node_.get();
}

bool Redis::up() const
{
    return cluster_ ? cluster_->up() : node_->up();
}

std::string_view Redis::missing() const
{
    return cluster_ ? cluster_->missing() : node_->missing();
}

std::optional<redis::MemoryInfo> Redis::memory() const
{
    return cluster_ ? cluster_->memory() : node_->memory();
}

void Redis::on_connect(Node::Callback callback, void *data)
{
    if (cluster_) {
        cluster_->on_connect(callback, data);
    } else {
        node_->on_connect(callback, data);
    }
}

void Redis::on_loss(Node::Callback callback, void *data)
{
    if (cluster_) {
        cluster_->on_loss(callback, data);
    } else {
        node_->on_loss(callback, data);
    }
}

std::unique_ptr<Route> Redis::add_route(RouteUser &user, std::string_view key)
{
    users_.push_back(&user);
    return cluster_ ? cluster_->route_to(key) : make_route();
}

void Redis::remove_route(RouteUser &user)
{
    users_.erase(std::remove(users_.begin(), users_.end(), &user),
                 users_.end());
}

std::string_view Redis::reason() const
{
    if (cluster_) {
        return cluster_->reason();
    }
    const bool knows_master = !sentinels_ || sentinels_->master;
    return knows_master ? node_->reason() : sentinels_->watch.reason();
}

redis::NodeState Redis::state() const
{
    if (cluster_) {
        return cluster_->state();
    }
    const bool knows_master = !sentinels_ || sentinels_->master;
    if (knows_master || sentinels_->watch.state() == redis::NodeState::up) {
        return node_->state();
    }
    return sentinels_->watch.state();
}

void Redis::on_topology(void *data)
{
    auto *self = static_cast<Redis *>(data);
    Sentinels &sentinels = *self->sentinels_;
    const redis::Endpoint &master = *sentinels.sentinel.master();
    const std::string text = text_of(master);
    ngx_str_t where = ngx::str(text);

    ngx_log_error(NGX_LOG_NOTICE, sentinels.watch.log(), 0,
                  "redis master is %V", &where);
    sentinels.master = Server{master, {}};
    ngx::Address address = ngx::literal_address(master.host, master.port);
    if (!address.text.empty()) {
        sentinels.master->addresses.push_back(std::move(address));
    }
    self->node_->move();
    self->move_users();
}

void Redis::on_slots(void *data)
{
    static_cast<Redis *>(data)->move_users();
}

void Redis::move_users()
{
    for (RouteUser *user : users_) {
        user->move();
    }
}

} // namespace edge::client
