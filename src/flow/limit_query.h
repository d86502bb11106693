// Asking Redis for the limits of a request.
#pragma once

#include <coroutine>
#include <cstdint>
#include <list>
#include <vector>

#include "flow/limit_check.h"
#include "ngx/task.h"
#include "tier/limit_calls.h"

namespace edge::flow {

// For a round that could not be settled at once; lives in a frame of its
// request's flow. What is sent between send() and co_await leaves in the same
// write. Afterwards it is decided, by Redis or, at the latest when the time of
// edge_limit_fallback is over, by that.
//
// A cluster decides in one slot at a time: what lies in several is asked for at
// once, and if one of them refuses, the others get back what they have charged.
class LimitQuery
{
public:
    LimitQuery(ngx::Flow &flow, ngx_http_request_t *r, LimitCheck &check,
               conf::LimitPoint point);

    void send();

    bool await_ready() const { return !is_pending(); }
    void await_suspend(std::coroutine_handle<> self)
    {
        is_awaited_ = true;
        flow_.suspend(self);
    }
    void await_resume() { settle(); }

private:
    // The limits that lie in one slot.
    struct Part
    {
        Part(LimitQuery &query, std::uint16_t slot_of_all)
            : slot(slot_of_all),
              question(limits, &LimitQuery::on_answer, &query)
        {
        }

        std::uint16_t slot;
        std::vector<std::size_t> places; // in the round
        std::vector<redis::ScriptLimit> limits;
        tier::LimitCalls::Question question;
    };

    static void on_answer(void *query);
    Part &part_of(std::uint16_t slot);
    bool is_pending() const;
    void settle();
    redis::LimitAnswer combine() const;

    // What a part has charged, with or without what it has leased.
    enum class Given
    {
        cost,
        all
    };
    void give_back(const Part &part, redis::LimitAnswer &answer,
                   Given given) const;

    ngx::Flow &flow_;
    ngx_http_request_t *r_;
    const conf::Location &lcf_;
    LimitRound &round_;
    std::list<Part> parts_;
    bool is_awaited_ = false;
};

// For the round of `point`, when check_limits() said `ask_redis` there.
ngx::Task ask_redis_for_limits(ngx::Flow &flow, ngx_http_request_t *r,
                               conf::LimitPoint point);

} // namespace edge::flow
