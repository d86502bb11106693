#include "client/link.h"

#include "ngx/random.h"

namespace edge::client {
namespace {

bool leaving()
{
    return ngx_exiting || ngx_terminate || ngx_quit;
}

} // namespace

Link::Link(const RedisConfig &config, redis::Breaker &breaker, User &user,
           std::string_view role)
    : config_(config), breaker_(breaker), user_(user), role_(role),
      connection_(config, *this),
      connect_timer_(
          [](void *data) { static_cast<Link *>(data)->on_connect_timeout(); },
          this, ngx::Timer::Holds::nothing),
      retry_timer_([](void *data) { static_cast<Link *>(data)->attempt(); },
                   this, ngx::Timer::Holds::nothing)
{
}

void Link::start()
{
    attempt();
}

void Link::stop()
{
    connect_timer_.stop();
    retry_timer_.stop();
    connection_.close();
}

void Link::attempt()
{
    if (leaving()) {
        return;
    }
    const std::size_t index = next_server_++ % config_.servers.size();

    breaker_.attempt();
    connection_.log().set_quiet(failing_);
    connect_timer_.start(config_.connect_timeout);
    connection_.connect(config_.servers[index]);
}

void Link::on_connect_timeout()
{
    connection_.fail("no answer within connect_timeout");
}

void Link::on_ready()
{
    connect_timer_.stop();
    breaker_.attempt_succeeded();
    reason_.clear();
    connection_.log().set_quiet(false);
    tell(true);
    was_up_ = true;
    // The server that works stays the first choice.
    next_server_--;
    user_.on_up();
}

void Link::on_closed(Cause cause, std::string_view why)
{
    connect_timer_.stop();
    breaker_.lost();
    reason_ = why;
    failing_ = !was_up_;
    // Servers close connections that were idle for long; whether this one is
    // down shows at the next attempt.
    if (failing_ || cause != Cause::closed) {
        tell(false);
    }
    if (was_up_) {
        was_up_ = false;
        user_.on_down();
    }
    if (leaving()) {
        return;
    }

    const std::uint64_t random = ngx::random_number();
    retry_timer_.start(
        cause == Cause::refused
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
