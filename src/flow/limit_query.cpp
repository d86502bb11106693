#include "flow/limit_query.h"

#include "client/redis.h"
#include "ngx/clock.h"
#include "ngx/text.h"
#include "redis/state.h"

namespace edge::flow {

namespace {

// A request counts once, by the clock of Redis.
constexpr int kWanted = 1;
constexpr std::uint64_t kRedisClock = 0;

std::vector<redis::ScriptLimit> script_limits(ngx_pool_t *pool,
                                              const LimitRound &round)
{
    const auto now = static_cast<limit::Micros>(ngx::monotonic_micros());
    std::vector<redis::ScriptLimit> all;
    for (const AppliedLimit &limit : round.limits) {
        redis::ScriptLimit &one = all.emplace_back(limit.for_script(pool));
        if (limit.use->is_leased()) {
            one.extra = limit.zone->leases().wanted(limit.hash, now);
        }
    }
    return all;
}

// What says something about Redis and not about these limits: the client tells
// it, once.
bool is_told_once(const redis::Reply &reply)
{
    return reply.type == redis::ReplyType::error &&
           redis::state_of(redis::error_kind(reply.text)) !=
               redis::NodeState::up;
}

void log_reply(ngx_http_request_t *r, const redis::Reply &reply)
{
    ngx_str_t text = ngx::str(reply.type == redis::ReplyType::error
                                  ? reply.text
                                  : "something else than limits");
    ngx_log_error(NGX_LOG_WARN, r->connection->log, 0,
                  "redis answered \"%V\" to the limits of a request", &text);
}

} // namespace

LimitQuery::LimitQuery(ngx::Flow &flow, ngx_http_request_t *r,
                       LimitCheck &check, conf::LimitPoint point)
    : r_(r), lcf_(check.lcf), round_(check.round(point)),
      limits_(script_limits(r->pool, round_)),
      script_(limits_, kWanted, kRedisClock), memory_(r->pool),
      call_(flow, *round_.limits.front().zone->redis(), memory_, script_.call(),
            lcf_.limit_fallback.value.after)
{
}

void LimitQuery::send()
{
    hand_over_charges(r_, round_);
    call_.send();
}

void LimitQuery::settle(const redis::Operation &operation)
{
    const redis::Reply *reply = operation.reply();
    if (reply == nullptr) {
        settle_by_fallback(r_, lcf_, round_);
        return;
    }
    const auto answer = parse_limit_answer(*reply, limits_, kWanted);
    if (answer) {
        settle_by_redis(r_, lcf_, round_, *answer);
        return;
    }
    if (!is_told_once(*reply)) {
        log_reply(r_, *reply);
    }
    settle_by_fallback(r_, lcf_, round_);
}

ngx::Task ask_redis_for_limits(ngx::Flow &flow, ngx_http_request_t *r,
                               conf::LimitPoint point)
{
    LimitQuery query(flow, r, *find_limit_check(r), point);
    query.send();
    co_await query;
}

} // namespace edge::flow
