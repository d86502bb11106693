#include "flow/limit_debit.h"

#include "flow/limit_check.h"
#include "flow/limit_values.h"

namespace edge::flow {

namespace {

void charge(ngx_http_request_t *r, const LimitRound &round)
{
    for (std::size_t i = 0; i < round.limits.size(); i++) {
        const AppliedLimit &limit = round.limits[i];
        if (!limit.use->by_answer) {
            continue;
        }
        const std::int64_t cost = evaluate_answer_cost(r, limit);
        if (cost > 0) {
            charge_limit(r, round, i, cost);
        }
    }
}

} // namespace

void charge_for_answer(ngx_http_request_t *r)
{
    const LimitCheck *check = find_limit_check(r);
    if (check == nullptr || check->refusing() != nullptr) {
        return;
    }
    for (const auto &round : check->rounds) {
        if (round && round->source) {
            charge(r, *round);
        }
    }
}

} // namespace edge::flow
