#include "client/subscriber.h"

#include "redis/command.h"
#include "redis/commands.h"
#include "redis/error.h"

namespace edge::client {
namespace {

// The first word of a push: "message", "subscribe", "pong".
std::string_view kind_of(const redis::Reply &reply)
{
    return reply.elements.empty() ? std::string_view()
                                  : reply.elements.front().text;
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

Subscriber::Subscriber(Redis &redis, std::string_view channel,
                       Callback callback, void *data)
    : channel_(channel), callback_(callback), data_(data), redis_(redis),
      route_(redis.add_route(*this, channel)),
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
    redis::append_command(link_.output().bytes(),
                          {redis::command::kSubscribe, channel_});
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
    const std::string_view kind = kind_of(*reply);
    const bool woken = kind == "subscribe" || kind == "message";
    const auto failure = failure_of(*reply);

    memory_.release();
    heard_ = true;
    if (woken) {
        subscribed_ = true;
        breaker_.succeeded();
        callback_(data_);
    }
    return failure;
}

} // namespace edge::client
