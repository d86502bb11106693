#include "client/redis.h"

#include <algorithm>

#include "ngx/clock.h"

namespace edge::client {
namespace {

redis::Micros now()
{
    return redis::Micros(ngx::monotonic_micros());
}

} // namespace

// The deadline of an operation holds a worker that is shutting down: a
// request waits for it.
Redis::Redis(const RedisConfig &config)
    : config_(config), link_(config, node_.breaker, *this, "redis"),
      deadline_timer_(
          [](void *data) { static_cast<Redis *>(data)->on_deadline(); }, this,
          ngx::Timer::Holds::worker),
      completions_(
          [](void *data) { static_cast<Redis *>(data)->complete_ended(); },
          this)
{
}

Redis::~Redis()
{
    link_.stop();
}

void Redis::start()
{
    link_.start();
}

void Redis::on_connect(Callback callback, void *data)
{
    on_connect_.push_back({callback, data});
}

bool Redis::submit(redis::Operation &operation, redis::CommandParts command)
{
    return send(operation, command, config_.timeout);
}

bool Redis::submit(redis::Operation &operation, redis::CommandParts command,
                   Millis timeout)
{
    return send(operation, command, timeout);
}

bool Redis::submit(redis::Operation &operation, const redis::ScriptCall &call)
{
    return send(operation, call, config_.timeout);
}

bool Redis::submit(redis::Operation &operation, const redis::ScriptCall &call,
                   Millis timeout)
{
    return send(operation, call, timeout);
}

template <typename Command>
bool Redis::send(redis::Operation &operation, const Command &command,
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

void Redis::on_up()
{
    node_.counters.connections++;
    exchange_.emplace(node_, link_.output());
    for (const Subscription &subscription : on_connect_) {
        subscription.callback(subscription.data);
    }
}

void Redis::on_down()
{
    exchange_->close();
    exchange_.reset();
    completions_.post();
}

std::pmr::memory_resource *Redis::reply_target()
{
    return exchange_->target();
}

std::optional<std::string_view> Redis::on_reply(const redis::Reply *reply)
{
    completions_.post();
    const auto verdict = exchange_->take(reply, now());
    if (!link_.output().empty()) {
        link_.flush();
    }
    return verdict;
}

// Replies do not touch the timer: most operations end well before, and it
// looks again at those that have come since.
void Redis::watch(redis::Micros deadline)
{
    if (deadline_timer_.running() && deadline_ <= deadline) {
        return;
    }
    const auto delay = std::chrono::ceil<Millis>(deadline - now()) + Millis(1);
    deadline_ = deadline;
    deadline_timer_.stop(); // nginx would not move it by less than 300 ms
    deadline_timer_.start(std::max(delay, Millis(1)));
}

void Redis::on_deadline()
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

void Redis::complete_ended()
{
    while (!node_.ended.empty()) {
        node_.ended.complete_first();
    }
}

} // namespace edge::client
