#include "client/watch.h"

#include <utility>

#include "redis/error.h"

namespace edge::client {

Watch::Watch(const Connection::Settings &settings,
             const std::vector<Server> &servers, redis::Topology &topology,
             std::string_view role, Callback callback, void *data)
    : topology_(topology), callback_(callback), data_(data), servers_(servers),
      link_(settings, servers_, breaker_, *this, role),
      timer_([](void *self) { static_cast<Watch *>(self)->on_time(); }, this,
             ngx::Timer::Holds::nothing)
{
}

Watch::~Watch()
{
    link_.stop();
}

void Watch::ask_soon()
{
    if (link_.up() && !soon_) {
        soon_ = true;
        timer_.stop();
        timer_.start(kSoon);
    }
}

void Watch::on_up()
{
    memory_.release();
    heard_ = true;
    ask();
}

void Watch::on_down()
{
    timer_.stop();
    soon_ = false;
}

void Watch::on_time()
{
    const auto period = static_cast<ngx_msec_t>(kPeriod.count());
    if (!heard_ && ngx_current_msec - asked_ >= period) {
        link_.fail({redis::NodeState::silent, "does not answer in time"});
        return;
    }
    ask();
}

// However often it is asked in between, it has a period to answer.
void Watch::ask()
{
    if (std::exchange(heard_, false)) {
        asked_ = ngx_current_msec;
    }
    soon_ = false;
    topology_.append_query(link_.output().bytes());
    link_.flush();
    timer_.start(kPeriod);
}

std::optional<redis::Failure> Watch::on_reply(const redis::Reply *reply)
{
    using Progress = redis::Topology::Progress;

    const Progress progress = topology_.take(*reply);
    const bool is_error = reply->type == redis::ReplyType::error;
    const redis::ErrorKind kind =
        is_error ? redis::error_kind(reply->text) : redis::ErrorKind::other;
    memory_.release();
    heard_ = true;

    switch (progress) {
    case Progress::waiting:
        return std::nullopt;
    case Progress::useless:
        return redis::Failure{redis::state_of(kind) == redis::NodeState::up
                                  ? redis::NodeState::strange
                                  : redis::state_of(kind),
                              is_error ? redis::error_name(kind)
                                       : "does not know who serves what"};
    case Progress::changed:
        callback_(data_);
        break;
    case Progress::same:
        break;
    }
    breaker_.succeeded();
    return std::nullopt;
}

} // namespace edge::client
