#include "client/link.h"

#include <algorithm>
#include <utility>

#include "ngx/random.h"

namespace edge::client {
namespace {

bool leaving()
{
    return ngx_exiting || ngx_terminate || ngx_quit;
}

} // namespace

Link::Link(const Connection::Settings &settings, Route &route,
           redis::Breaker &breaker, User &user, std::string_view role)
    : config_(settings.config), route_(route), breaker_(breaker), user_(user),
      role_(role), connection_(settings, *this),
      resolve_([](void *data) { static_cast<Link *>(data)->on_resolved(); },
               this),
      connect_timer_(
          [](void *data) { static_cast<Link *>(data)->on_connect_timeout(); },
          this, ngx::Timer::Holds::nothing),
      retry_timer_([](void *data) { static_cast<Link *>(data)->attempt(); },
                   this, ngx::Timer::Holds::nothing)
{
}

void Link::start()
{
    started_ = true;
    attempt();
}

void Link::stop()
{
    started_ = false;
    connect_timer_.stop();
    retry_timer_.stop();
    resolve_.cancel();
    connection_.close();
}

void Link::move()
{
    const Server *server = route_.current();
    const bool is_there = server != nullptr && target_ == server->endpoint;
    if (!started_ || is_there) {
        return;
    }
    stop();
    state_ = redis::NodeState::connecting;
    if (std::exchange(was_up_, false)) {
        user_.on_down();
    }
    start();
}

// Without a place to go it waits for move().
void Link::attempt()
{
    const Server *server = route_.current();
    target_ = server != nullptr ? server->endpoint : redis::Endpoint{};
    if (leaving() || server == nullptr) {
        return;
    }

    breaker_.attempt();
    connection_.log().set_quiet(failing_);
    connect_timer_.start(config_.connect_timeout);
    if (server->addresses.empty()) {
        resolve(*server);
    } else {
        connect(*server, server->addresses);
    }
}

void Link::resolve(const Server &server)
{
    using Status = ngx::Resolve::Status;

    const redis::Endpoint &endpoint = server.endpoint;
    connection_.name_target(text_of(endpoint));
    const Status status =
        config_.resolver == nullptr
            ? Status::failed
            : resolve_.ask(config_.resolver, endpoint.host, endpoint.port,
                           config_.connect_timeout);
    if (status != Status::waiting) {
        connect(server, status == Status::done ? resolve_.addresses()
                                               : server.addresses);
    }
}

void Link::on_resolved()
{
    if (const Server *server = route_.current()) {
        connect(*server, resolve_.addresses());
    }
}

void Link::connect(const Server &server,
                   const std::vector<ngx::Address> &addresses)
{
    if (addresses.empty()) {
        on_closed({redis::NodeState::unreachable, "host not found"});
        return;
    }
    last_address_ = addresses.size() - 1;
    connection_.connect(server,
                        addresses[std::min(next_address_, last_address_)]);
}

// All addresses of a server, then the next server.
void Link::advance()
{
    if (++next_address_ > last_address_) {
        next_address_ = 0;
        route_.advance();
    }
}

void Link::on_connect_timeout()
{
    resolve_.cancel();
    connection_.fail(
        {redis::NodeState::silent, "no answer within connect_timeout"});
}

void Link::on_ready()
{
    connect_timer_.stop();
    breaker_.attempt_succeeded();
    reason_.clear();
    state_ = redis::NodeState::up;
    connection_.log().set_quiet(false);
    tell(true);
    was_up_ = true;
    user_.on_up();
}

void Link::on_closed(const redis::Failure &failure)
{
    // Servers close connections that were idle for long; whether this one is
    // down shows at the next attempt.
    const bool is_idle = was_up_ && failure.state == redis::NodeState::closed;

    connect_timer_.stop();
    breaker_.lost();
    reason_ = failure.why;
    state_ = failure.state;
    failing_ = !was_up_;
    if (!is_idle) {
        tell(false);
    }
    if (was_up_) {
        was_up_ = false;
        user_.on_down();
    }
    if (!is_idle) {
        advance();
    }
    if (leaving()) {
        return;
    }

    const std::uint64_t random = ngx::random_number();
    retry_timer_.start(
        state_ == redis::NodeState::refused
            ? redis::backoff(kRefusedDelay, kRefusedDelay, 0, random)
            : breaker_.next_delay(random));
}

// A server that comes and goes is worth a line now and then, not one each
// time; but that it is down is told in the end.
void Link::tell(bool is_up)
{
    const auto since_told = ngx_current_msec - told_down_at_;
    const bool too_soon =
        told_down_at_ != 0 &&
        since_told < static_cast<ngx_msec_t>(kLogInterval.count());
    if (is_up == told_up_ || (!is_up && too_soon)) {
        return;
    }

    ngx_log_t *log = connection_.log().get();
    ngx_str_t role = ngx::str(role_);
    ngx_str_t why = ngx::str(reason_);

    told_up_ = is_up;
    connection_.log().set_quiet(false);
    if (is_up) {
        ngx_log_error(NGX_LOG_NOTICE, log, 0, "%V is up again", &role);
    } else {
        told_down_at_ = ngx_current_msec;
        ngx_log_error(NGX_LOG_ERR, log, 0, "%V is down: %V", &role, &why);
    }
}

} // namespace edge::client
