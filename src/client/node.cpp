#include "client/node.h"

#include <algorithm>

#include "ngx/clock.h"

namespace edge::client {
namespace {

redis::Micros now()
{
    return redis::Micros(ngx::monotonic_micros());
}

} // namespace

Node::Node(const RedisConfig &config, Route &route,
           redis::Redirector *redirector)
    : link_({config, config.credentials, config.db,
             config.mode == Mode::sentinel},
            route, node_.breaker, *this, "redis"),
      memory_(*this, link_.log()),
      deadline_timer_(
          [](void *data) { static_cast<Node *>(data)->on_deadline(); }, this,
          ngx::Timer::Holds::nothing),
      completions_(
          [](void *data) { static_cast<Node *>(data)->complete_ended(); }, this)
{
    node_.patience = config.timeout;
    node_.redirector = redirector;
    node_.has_others =
        config.mode == Mode::sentinel ||
        (config.mode == Mode::standalone && config.servers.size() > 1);
}

Node::~Node()
{
    link_.stop();
}

void Node::on_connect(Callback callback, void *data)
{
    on_connect_.push_back({callback, data});
}

void Node::on_loss(Callback callback, void *data)
{
    on_loss_.push_back({callback, data});
}

void Node::call(const std::vector<Subscription> &subscriptions)
{
    for (const Subscription &subscription : subscriptions) {
        subscription.callback(subscription.data);
    }
}

template <typename Command>
bool Node::submit(redis::Operation &operation, const Command &command,
                  Millis timeout)
{
    operation.withdraw();
    if (!exchange_) {
        node_.counters.refused++;
        return false;
    }
    const redis::Micros at = now();
    if (!exchange_->submit(operation, command, at, timeout)) {
        return false;
    }
    watch(at + timeout);
    link_.flush();
    return true;
}

template bool Node::submit(redis::Operation &, const redis::CommandParts &,
                           Millis);
template bool Node::submit(redis::Operation &, const redis::ScriptCall &,
                           Millis);

void Node::send_last(redis::CommandParts command)
{
    std::pmr::monotonic_buffer_resource memory;
    redis::Operation operation(&memory, [](void *) {}, nullptr);
    if (submit(operation, command, Millis(1))) {
        link_.flush_now();
    }
}

bool Node::take_over(redis::Operation &operation,
                     const redis::Pipeline::Times &times, bool asking)
{
    if (!exchange_ || !exchange_->take_over(operation, times, asking)) {
        return false;
    }
    watch(times.deadline);
    link_.flush();
    return true;
}

void Node::leave()
{
    link_.stop();
    if (exchange_) {
        on_down();
    }
}

void Node::on_up()
{
    node_.counters.connections++;
    if (node_.impairment.state() == redis::NodeState::readonly) {
        node_.impairment.reset();
    }
    exchange_.emplace(node_, link_.output());
    memory_.start();
    call(on_connect_);
}

void Node::on_down()
{
    memory_.stop();
    exchange_->close();
    exchange_.reset();
    completions_.post();
    call(on_loss_);
}

std::pmr::memory_resource *Node::reply_target()
{
    return exchange_->target();
}

std::optional<redis::Failure> Node::on_reply(const redis::Reply *reply)
{
    completions_.post();
    if (!received_) {
        received_ = now();
    }
    const auto verdict = exchange_->take(reply, *received_);
    tell(exchange_->news());
    if (!link_.output().empty()) {
        link_.flush();
    }
    return verdict;
}

void Node::tell(redis::NodeNews news)
{
    const redis::NodeState state = node_.impairment.state();
    ngx_str_t name = ngx::str(redis::state_name(state));
    ngx_str_t what = ngx::str(state == redis::NodeState::noperm
                                  ? std::string_view(node_.missing)
                                  : redis::state_meaning(state));
    switch (news) {
    case redis::NodeNews::none:
        break;
    case redis::NodeNews::impaired:
        ngx_log_error(NGX_LOG_ERR, link_.log(), 0, "redis is impaired: %V: %V",
                      &name, &what);
        break;
    case redis::NodeNews::recovered:
        ngx_log_error(NGX_LOG_NOTICE, link_.log(), 0,
                      "redis is not impaired any more");
        break;
    }
}

// Replies do not stop the timer: most operations end well before, and it
// looks again at those that have come since. It holds a worker that is
// shutting down as long as a request may wait for it.
void Node::watch(redis::Micros deadline)
{
    deadline_timer_.hold(ngx::Timer::Holds::worker);
    if (deadline_timer_.running() && deadline_ <= deadline) {
        return;
    }
    const auto delay = std::chrono::ceil<Millis>(deadline - now()) + Millis(1);
    deadline_ = deadline;
    deadline_timer_.stop(); // nginx would not move it by less than 300 ms
    deadline_timer_.start(std::max(delay, Millis(1)));
}

void Node::on_deadline()
{
    if (!exchange_) {
        return;
    }
    const auto verdict = exchange_->expire(now());
    completions_.post();
    if (verdict) {
        link_.fail(*verdict);
    } else if (const auto deadline = exchange_->next_deadline()) {
        watch(*deadline);
    }
}

void Node::complete_ended()
{
    received_.reset();
    while (!node_.ended.empty()) {
        node_.ended.complete_first();
    }
    if (!exchange_ || exchange_->idle()) {
        deadline_timer_.hold(ngx::Timer::Holds::nothing);
    }
}

} // namespace edge::client
