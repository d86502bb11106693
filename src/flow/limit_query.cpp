#include "flow/limit_query.h"

#include <algorithm>

#include "client/redis.h"
#include "limit/refund.h"
#include "ngx/text.h"
#include "redis/slots.h"
#include "tier/limit_link.h"

namespace edge::flow {

namespace {

redis::ScriptLimit script_limit(ngx_pool_t *pool, const AppliedLimit &limit)
{
    redis::ScriptLimit one = limit.for_script(pool);
    if (limit.use->is_leased()) {
        one.extra = limit.zone->leases().wanted(limit.hash,
                                                tier::limit_clocks().steady);
    }
    return one;
}

// Without a cluster all lie in one place.
std::uint16_t slot_of(const AppliedLimit &limit, std::string_view key)
{
    return limit.zone->redis()->config().mode == client::Mode::cluster
               ? redis::key_slot(key)
               : std::uint16_t{0};
}

void log_complaint(ngx_http_request_t *r, std::string_view complaint)
{
    ngx_str_t text = ngx::str(complaint);
    ngx_log_error(NGX_LOG_WARN, r->connection->log, 0,
                  "redis answered \"%V\" to the limits of a request", &text);
}

} // namespace

LimitQuery::LimitQuery(ngx::Flow &flow, ngx_http_request_t *r,
                       LimitCheck &check, conf::LimitPoint point)
    : flow_(flow), r_(r), lcf_(check.lcf), round_(check.round(point))
{
    for (std::size_t i = 0; i < round_.limits.size(); i++) {
        const redis::ScriptLimit limit =
            script_limit(r->pool, round_.limits[i]);
        Part &part = part_of(slot_of(round_.limits[i], limit.key));
        part.places.push_back(i);
        part.limits.push_back(limit);
    }
}

LimitQuery::Part &LimitQuery::part_of(std::uint16_t slot)
{
    const auto found =
        std::find_if(parts_.begin(), parts_.end(),
                     [slot](const Part &part) { return part.slot == slot; });
    return found != parts_.end() ? *found : parts_.emplace_back(*this, slot);
}

void LimitQuery::send()
{
    hand_over_charges(r_, round_);
    tier::LimitCalls &calls = round_.limits.front().zone->link()->calls;
    for (Part &part : parts_) {
        calls.ask(part.question, lcf_.limit_fallback.value.after);
    }
}

// The flow may be waiting for something else still.
void LimitQuery::on_answer(void *data)
{
    auto *query = static_cast<LimitQuery *>(data);
    if (query->is_awaited_ && !query->is_pending()) {
        query->flow_.wake();
    }
}

bool LimitQuery::is_pending() const
{
    return std::any_of(parts_.begin(), parts_.end(), [](const Part &part) {
        return part.question.is_pending();
    });
}

void LimitQuery::settle()
{
    bool is_answered = true;
    for (const Part &part : parts_) {
        is_answered &= part.question.answer().has_value();
        if (!part.question.complaint().empty()) {
            log_complaint(r_, part.question.complaint());
        }
    }
    if (is_answered) {
        settle_by_redis(r_, lcf_, round_, combine());
        return;
    }
    for (const Part &part : parts_) {
        if (auto answer = part.question.answer()) {
            give_back(part, *answer, Given::all);
        }
    }
    settle_by_fallback(r_, lcf_, round_);
}

redis::LimitAnswer LimitQuery::combine() const
{
    redis::LimitAnswer all{.granted = 1, .limits = round_.limits.size()};
    for (const Part &part : parts_) {
        all.granted = std::min(all.granted, part.question.answer()->granted);
    }
    for (const Part &part : parts_) {
        redis::LimitAnswer answer = *part.question.answer();
        if (answer.granted > all.granted) {
            give_back(part, answer, Given::cost);
        }
        for (std::size_t i = 0; i < part.places.size(); i++) {
            const std::size_t place = part.places[i];
            all.denied |= (answer.denied >> i & 1) << place;
            all.states[place] = answer.states[i];
            all.extras[place] = answer.extras[i];
        }
    }
    return all;
}

void LimitQuery::give_back(const Part &part, redis::LimitAnswer &answer,
                           Given given) const
{
    const limit::Clocks now = tier::limit_clocks();
    const limit::Micros age = now.steady - round_.asked.steady;
    for (std::size_t i = 0; i < part.limits.size(); i++) {
        const redis::ScriptLimit &limit = part.limits[i];
        const AppliedLimit &applied = round_.limits[part.places[i]];
        if (!answer.granted || answer.denied >> i & 1 || limit.cost < 0 ||
            !still_counts(applied.meter, round_.asked, now)) {
            continue;
        }
        const std::uint64_t units =
            static_cast<std::uint64_t>(limit.cost) +
            (given == Given::all ? answer.extras[i] : 0);
        if (const auto debit = limit::refund(limit, units, age)) {
            applied.zone->debit(*debit);
            answer.states[i] =
                limit::with_refund(limit, answer.states[i], units);
        }
    }
}

ngx::Task ask_redis_for_limits(ngx::Flow &flow, ngx_http_request_t *r,
                               conf::LimitPoint point)
{
    LimitQuery query(flow, r, *find_limit_check(r), point);
    query.send();
    co_await query;
}

} // namespace edge::flow
