#include "flow/shared_fill.h"

#include <algorithm>
#include <optional>

#include "cache/hit_for_miss.h"
#include "flow/collapse.h"
#include "flow/redis_lookup.h"
#include "flow/stale.h"
#include "flow/wait_count.h"
#include "ngx/clock.h"
#include "tier/fill_wait.h"
#include "tier/redis_tier.h"

namespace edge::flow {

namespace {

using cache::Reason;
using shm::WaitEnd;
using tier::Claim;

// Messages can be lost, and instances die: whoever waits asks again, and well
// before he counts as hanging himself.
constexpr Millis kAskAgain{1000};

// When to look, to ask and to give up: all that Redis may cost is one deadline.
class Patience
{
public:
    explicit Patience(const Request &request)
        : timeout_(request.zone().redis()->redis().config().timeout)
    {
    }

    Millis left() const { return begun_ + timeout_ - ngx::boot_now(); }
    // To ask for what will most likely not be answered in time helps nobody.
    bool is_enough() const { return left() * 2 > timeout_; }

    // How long to wait for another instance, before asking again: no longer
    // than was waited so far, in case its word is lost.
    Millis next_wait()
    {
        waited_ = std::min(std::max(waited_ * 2, timeout_), kAskAgain);
        return waited_;
    }
    void begin_again() { begun_ = ngx::boot_now(); }

private:
    Millis timeout_;
    BootTime begun_ = ngx::boot_now();
    Millis waited_{0};
};

// Whoever got no answer a moment ago waits for no other, nor does who is alone,
// nor whose locks could not be written, or not be released.
bool may_share(const Request &request)
{
    const bool is_away = request.reason == Reason::redis_down ||
                         request.reason == Reason::redis_timeout ||
                         request.reason == Reason::redis_error;
    return !request.hit && !is_away && request.role && request.role->leads() &&
           request.zone().live_instances() != 1 &&
           request.zone().redis()->redis().state() == redis::NodeState::up;
}

tier::FillLock lock_of(const Request &request)
{
    tier::RedisTier &tier = *request.zone().redis();
    tier::RedisName name{request.identity->key, {}};
    if (request.variant) {
        name.variant_key = request.variant->key;
    }
    return tier.locks().lock(tier.key(name), sharing_kind(request.facts),
                             request.role->fill().id);
}

// Until the holder releases it, or is asked after again.
ngx::Task wait_elsewhere(ngx::Flow &flow, Request &request, BootTime deadline,
                         Millis patience)
{
    const Millis longest =
        std::min({patience, request.lcf.lock_age.value / 2,
                  std::max(deadline - ngx::boot_now(), Millis(1))});
    tier::FillWait wait(flow, request.zone(), request.role->fill(), longest,
                        tier::FillWait::Until::released);
    co_await wait;
}

// Whether there is anything to wait for.
bool goes_on(Request &request, Claim claim, const tier::FillLock &lock,
             BootTime deadline)
{
    if (claim == Claim::held || claim == Claim::unknown) {
        request.role->hold(lock);
        return false;
    }
    if (claim == Claim::not_shared) {
        request.role->end_refused(cache::kHitForMiss, Reason::none);
        request.role.reset();
        return false;
    }
    if (claim != Claim::no_answer && ngx::boot_now() >= deadline) {
        request.refuse(Reason::lock_timeout);
        return false;
    }
    return claim != Claim::no_answer;
}

WaitEnd end_of(const Request &request)
{
    if (request.hit) {
        return WaitEnd::hit;
    }
    return request.reason == Reason::lock_timeout ? WaitEnd::timeout
                                                  : WaitEnd::fetch;
}

ngx::Task claim_fill(ngx::Flow &flow, ngx_http_request_t *r, Request &request,
                     Patience patience)
{
    tier::Zone &zone = request.zone();
    tier::FillLocks &locks = zone.redis()->locks();
    const tier::FillLock lock = lock_of(request);
    const Millis age = request.lcf.lock_age.value;
    const BootTime deadline = ngx::boot_now() + request.lcf.lock_timeout.value;
    std::optional<WaitCount> count;
    Claim claim = Claim::no_answer;
    while (may_share(request) && patience.is_enough()) {
        const bool again = claim == Claim::released;
        // First, so that no message is missed.
        zone.wait_elsewhere(request.role->fill(), lock.name());
        co_await locks.claim(flow, {lock, age, patience.left(), again}, claim);
        if (!goes_on(request, claim, lock, deadline)) {
            break;
        }
        if (claim == Claim::elsewhere) {
            if (use_stale(request, cache::kStaleUpdating)) {
                break;
            }
            if (!count) {
                count.emplace(zone.counters());
            }
            co_await wait_elsewhere(flow, request, deadline,
                                    patience.next_wait());
            patience.begin_again();
        }
        co_await find_in_redis(flow, r, request);
    }
    if (count) {
        count->end(end_of(request));
        request.collapsed =
            request.hit && request.status == cache::Status::miss;
    }
}

} // namespace

ngx::Task look_in_redis(ngx::Flow &flow, ngx_http_request_t *r,
                        Request &request)
{
    const Patience patience(request);
    co_await find_in_redis(flow, r, request);
    if (!request.hit && request.has_client() && answers_stale(r, request)) {
        co_return; // the refresh looks for whoever fetches it
    }
    if (may_share(request)) {
        co_await claim_fill(flow, r, request, patience);
    }
}

} // namespace edge::flow
