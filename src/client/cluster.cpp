#include "client/cluster.h"

#include <algorithm>

namespace edge::client {
namespace {

Server make_server(const redis::Endpoint &endpoint)
{
    Server server{endpoint, {}};
    ngx::Address address = ngx::literal_address(endpoint.host, endpoint.port);
    if (!address.text.empty()) {
        server.addresses.push_back(std::move(address));
    }
    return server;
}

} // namespace

class Cluster::KeyRoute final : public Route
{
public:
    KeyRoute(Cluster &cluster, std::string_view key)
        : cluster_(cluster), slot_(redis::key_slot(key))
    {
    }

    const Server *current() override
    {
        const redis::Endpoint *owner = cluster_.cluster_.slots().find(slot_);
        Member *member = owner != nullptr ? cluster_.member(*owner) : nullptr;
        return member != nullptr ? &member->server : nullptr;
    }
    void advance() override { cluster_.watch_.ask_soon(); }

private:
    Cluster &cluster_;
    const std::uint16_t slot_;
};

Cluster::Member::Member(const RedisConfig &config,
                        const redis::Endpoint &endpoint, Cluster &owner)
    : server(make_server(endpoint)), cluster(owner), node(config, *this, &owner)
{
}

Cluster::Cluster(const RedisConfig &config, Callback on_change, void *data)
    : config_(config), on_change_(on_change), data_(data),
      seeds_(config.servers),
      watch_({config, config.credentials, 0, false}, seeds_, cluster_,
             "redis cluster", &Cluster::on_topology, this)
{
}

Cluster::~Cluster() = default;

Cluster::Member *Cluster::member(const redis::Endpoint &endpoint)
{
    const auto found =
        std::find_if(members_.begin(), members_.end(), [&](const auto &member) {
            return member->server.endpoint == endpoint;
        });
    return found != members_.end() ? found->get() : nullptr;
}

Cluster::Member &Cluster::join(const redis::Endpoint &endpoint)
{
    members_.push_back(std::make_unique<Member>(config_, endpoint, *this));
    Node &node = members_.back()->node;
    for (const Subscription &subscription : on_connect_) {
        node.on_connect(subscription.callback, subscription.data);
    }
    for (const Subscription &subscription : on_loss_) {
        node.on_loss(subscription.callback, subscription.data);
    }
    node.start();
    return *members_.back();
}

Node *Cluster::find(std::string_view key)
{
    const redis::Endpoint *owner = cluster_.slots().find(redis::key_slot(key));
    Member *found = owner != nullptr ? member(*owner) : nullptr;
    return found != nullptr ? &found->node : nullptr;
}

std::unique_ptr<Route> Cluster::route_to(std::string_view key)
{
    return std::make_unique<KeyRoute>(*this, key);
}

void Cluster::on_connect(Node::Callback callback, void *data)
{
    on_connect_.push_back({callback, data});
    for (const auto &member : members_) {
        member->node.on_connect(callback, data);
    }
}

void Cluster::on_loss(Node::Callback callback, void *data)
{
    on_loss_.push_back({callback, data});
    for (const auto &member : members_) {
        member->node.on_loss(callback, data);
    }
}

void Cluster::on_topology(void *data)
{
    auto *self = static_cast<Cluster *>(data);
    const std::size_t before = self->members_.size();

    self->update();
    const ngx_uint_t count = self->members_.size();
    if (count != before) {
        ngx_log_error(NGX_LOG_NOTICE, self->watch_.log(), 0,
                      "redis cluster has %ui masters", count);
    }
    self->on_change_(self->data_);
}

// Those that have slots stay or join, the others leave.
void Cluster::update()
{
    const std::vector<redis::Endpoint> &nodes = cluster_.slots().nodes();

    std::erase_if(left_, [](const auto &member) {
        return ngx_current_msec - member->left_at > kKeepLeft;
    });
    for (const redis::Endpoint &endpoint : nodes) {
        if (member(endpoint) == nullptr) {
            join(endpoint);
        }
    }
    const auto gone = std::partition(
        members_.begin(), members_.end(), [&](const auto &member) {
            return std::find(nodes.begin(), nodes.end(),
                             member->server.endpoint) != nodes.end();
        });
    for (auto member = gone; member != members_.end(); member++) {
        (*member)->node.leave();
        (*member)->left_at = ngx_current_msec;
        left_.push_back(std::move(*member));
    }
    members_.erase(gone, members_.end());

    seeds_ = config_.servers;
    for (const auto &member : members_) {
        seeds_.push_back(member->server);
    }
}

// ASK is for this operation alone; MOVED for the slot, and there may be more
// of it.
bool Cluster::redirect(std::string_view error, redis::Operation &operation,
                       const redis::Pipeline::Times &times)
{
    const auto to = redis::parse_redirection(error);
    const bool asking = redis::error_kind(error) == redis::ErrorKind::ask;

    watch_.ask_soon();
    if (!to) {
        return false;
    }
    const bool is_news = !asking && cluster_.move(*to);
    Member *owner = member(to->endpoint);
    if (owner == nullptr) {
        owner = members_.size() < redis::SlotMap::kMaxNodes
                    ? &join(to->endpoint)
                    : nullptr;
    }
    const bool is_taken =
        owner != nullptr && owner->node.take_over(operation, times, asking);
    // The next map says nothing new then.
    if (is_news) {
        on_change_(data_);
    }
    return is_taken;
}

bool Cluster::up() const
{
    return std::any_of(members_.begin(), members_.end(),
                       [](const auto &member) { return member->node.up(); });
}

const Node *Cluster::worst() const
{
    const Node *worst = nullptr;
    for (const auto &member : members_) {
        const Node &node = member->node;
        const bool is_worse = worst == nullptr ||
                              worst->state() == redis::NodeState::up ||
                              (worst->up() && !node.up());
        if (is_worse) {
            worst = &node;
        }
    }
    return worst;
}

std::string_view Cluster::reason() const
{
    const Node *node = worst();
    return node != nullptr ? node->reason() : watch_.reason();
}

redis::NodeState Cluster::state() const
{
    if (const Node *node = worst()) {
        return node->state();
    }
    return watch_.state() == redis::NodeState::up
               ? redis::NodeState::clusterdown
               : watch_.state();
}

std::optional<redis::MemoryInfo> Cluster::memory() const
{
    std::optional<redis::MemoryInfo> sum;
    for (const auto &member : members_) {
        const auto &info = member->node.memory();
        if (info && sum) {
            sum->used += info->used;
            sum->maximum += info->maximum;
        } else if (info) {
            sum = info;
        }
    }
    return sum;
}

std::string_view Cluster::missing() const
{
    const Node *node = worst();
    return node != nullptr ? node->missing() : std::string_view();
}

} // namespace edge::client
