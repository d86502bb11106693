#include "client/subscriber.h"

#include <utility>

#include "redis/command.h"
#include "redis/commands.h"
#include "redis/error.h"

namespace edge::client {
namespace {

// Of a push: "message", "subscribe" or "pong", the channel, the message.
std::string_view word(const redis::Reply &reply, std::size_t i)
{
    return i < reply.elements.size() ? reply.elements[i].text
                                     : std::string_view();
}

std::optional<redis::Failure> failure_of(const redis::Reply &reply)
{
    if (reply.type != redis::ReplyType::error) {
        return std::nullopt;
    }
    const redis::ErrorKind kind = redis::error_kind(reply.text);
    const redis::NodeState state = redis::state_of(kind);
    return redis::Failure{
        state == redis::NodeState::up ? redis::NodeState::strange : state,
        redis::error_name(kind)};
}

} // namespace

Subscriber::Subscriber(Redis &redis, std::vector<std::string> channels,
                       Callback callback, void *data)
    : channels_(std::move(channels)), callback_(callback), data_(data),
      redis_(redis), route_(redis.add_route(*this, channels_.front())),
      link_({redis.config(), redis.config().credentials, 0, false}, *route_,
            breaker_, *this, "redis subscriber"),
      ping_timer_(
          [](void *self) { static_cast<Subscriber *>(self)->on_ping_time(); },
          this, ngx::Timer::Holds::nothing)
{
}

Subscriber::~Subscriber()
{
    link_.stop();
    redis_.remove_route(*this);
}

void Subscriber::start()
{
    link_.start();
}

void Subscriber::on_up()
{
    memory_.release();
    std::vector<std::string_view> words{redis::command::kSubscribe};
    words.insert(words.end(), channels_.begin(), channels_.end());
    redis::append_command(link_.output().bytes(), words);
    link_.flush();
    heard_ = true;
    ping_timer_.start(kPingPeriod);
}

void Subscriber::on_down()
{
    subscribed_ = false;
    ping_timer_.stop();
}

void Subscriber::on_ping_time()
{
    if (!heard_) {
        link_.fail({redis::NodeState::silent, "does not answer in time"});
        return;
    }
    heard_ = false;
    redis::append_command(link_.output().bytes(), {redis::command::kPing});
    link_.flush();
    ping_timer_.start(kPingPeriod);
}

std::optional<redis::Failure> Subscriber::on_reply(const redis::Reply *reply)
{
    const std::string_view kind = word(*reply, 0);
    const bool woken = kind == "subscribe" || kind == "message";
    const auto failure = failure_of(*reply);

    heard_ = true;
    if (woken) {
        subscribed_ = true;
        breaker_.succeeded();
        callback_(data_, word(*reply, 1), word(*reply, 2));
    }
    memory_.release();
    return failure;
}

} // namespace edge::client
