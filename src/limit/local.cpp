#include "limit/local.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

namespace edge::limit {

namespace {

using shm::BucketRecord;

// What one key has used, of the share of this instance. A record holds
//   of a bucket   two TATs: as told, and with what was charged here
//   of a window   units as told or charged here in it, and in the one before
//   of a quota    units as told or charged here in this period
class Ledger
{
public:
    Ledger(const LocalLimit &limit, const Clocks &now)
        : limit_(limit), now_(now), share_(share(limit.meter, limit.instances)),
          record_(limit.zone.find(limit.key, now.steady)),
          known_(record_.expires > 0)
    {
        if (const auto *window = std::get_if<Window>(&share_)) {
            roll_window(*window);
        }
    }

    std::uint64_t remaining() const
    {
        return std::visit([this](const auto &m) { return left(m); }, share_);
    }

    // At the cost that is asked for.
    State state() const
    {
        return std::visit(
            [this](const auto &m) {
                return State{left(m), time(m)};
            },
            share_);
    }

    void charge(double units)
    {
        std::visit([=, this](const auto &m) { charge(m, units); }, share_);
        write();
    }

    // As told by Redis, in place of all that was known.
    void replace(const State &state)
    {
        record_.own = 0;
        record_.before = 0;
        std::visit([&](const auto &m) { tell(m, state); }, limit_.meter);
        if (known_ || record_.expires > now_.steady) {
            write();
        }
    }

private:
    double divided(double told) const
    {
        return std::ceil(told / static_cast<double>(limit_.instances));
    }
    double used() const { return divided(record_.told) + record_.own; }

    // Buckets

    Micros level() const
    {
        return std::max(0.0, std::max(record_.told, record_.own) - now_.steady);
    }
    std::uint64_t left(const Bucket &bucket) const
    {
        return limit::remaining(bucket, level());
    }
    Micros time(const Bucket &) const { return level(); }
    void charge(const Bucket &bucket, double units)
    {
        record_.own =
            now_.steady + std::min(level() + units * bucket.interval,
                                   std::max(level(), bucket.capacity));
        record_.expires = std::max(record_.own, record_.told);
    }
    void tell(const Bucket &, const State &state)
    {
        record_.told = now_.steady + state.time;
        record_.expires = record_.told;
    }

    // Windows

    WindowCount count(const Window &window) const
    {
        return {record_.expires - 2 * window.width, used(), record_.before};
    }
    void roll_window(const Window &window)
    {
        const WindowCount before = count(window);
        const WindowCount rolled = roll(window, before, now_.steady);
        if (rolled != before) {
            record_.told = 0;
            record_.own = rolled.used;
            record_.before = rolled.before;
            record_.expires = rolled.begin + 2 * window.width;
        }
    }
    std::uint64_t left(const Window &window) const
    {
        return limit::remaining(window, count(window), now_.steady);
    }
    Micros time(const Window &window) const
    {
        const std::uint64_t there = left(window);
        const auto cost = static_cast<std::uint64_t>(std::abs(limit_.cost));
        const auto wait = wait_for(window, count(window), now_.steady,
                                   std::max(cost, there + 1));
        return wait.value_or(
            wait_for(window, count(window), now_.steady, there + 1)
                .value_or(0));
    }
    void charge(const Window &, double units) { record_.own += units; }
    void tell(const Window &window, const State &state)
    {
        record_.told = window.units - static_cast<double>(state.remaining);
        record_.expires = now_.steady - std::fmod(now_.steady, window.width) +
                          2 * window.width;
    }

    // Quotas

    std::uint64_t left(const Quota &quota) const
    {
        return static_cast<std::uint64_t>(std::max(0.0, quota.units - used()));
    }
    Micros time(const Quota &quota) const
    {
        return record_.expires > now_.steady
                   ? record_.expires - now_.steady
                   : period_end(quota, now_.wall) - now_.wall;
    }
    void charge(const Quota &quota, double units)
    {
        record_.expires = now_.steady + time(quota);
        record_.own += units;
    }
    void tell(const Quota &quota, const State &state)
    {
        record_.told = quota.units - static_cast<double>(state.remaining);
        record_.expires = now_.steady + state.time;
    }

    // When there will be one unit, if there is none.
    Micros denial() const
    {
        const State state_now = state();
        if (state_now.remaining > 0) {
            return 0;
        }
        return now_.steady + limit::wait_for(share_, state_now, 1).value_or(0);
    }
    void write()
    {
        record_.denies = denial();
        shm::Buckets zone = limit_.zone;
        zone.put(limit_.key, record_, now_.steady);
    }

    const LocalLimit &limit_;
    const Clocks &now_;
    Meter share_;
    BucketRecord record_;
    bool known_;
};

bool fits(const Ledger &ledger, std::int64_t cost)
{
    return cost == 0 ||
           ledger.remaining() >= static_cast<std::uint64_t>(std::abs(cost));
}

} // namespace

redis::LimitAnswer decide_locally(std::span<const LocalLimit> limits,
                                  const Clocks &now)
{
    redis::LimitAnswer answer{.granted = 1, .limits = limits.size()};
    for (std::size_t i = 0; i < limits.size(); i++) {
        if (!fits(Ledger(limits[i], now), limits[i].cost)) {
            answer.denied |= 1u << i;
            answer.granted = limits[i].dry_run ? answer.granted : 0;
        }
    }

    for (std::size_t i = 0; i < limits.size(); i++) {
        Ledger ledger(limits[i], now);
        const bool charged = answer.granted && !(answer.denied >> i & 1);
        if (charged && limits[i].cost > 0) {
            ledger.charge(static_cast<double>(limits[i].cost));
        }
        answer.states[i] = ledger.state();
    }
    return answer;
}

void charge_locally(const LocalLimit &limit, double units, const Clocks &now)
{
    Ledger(limit, now).charge(units);
}

void note_state(const LocalLimit &limit, const State &state, const Clocks &now)
{
    Ledger(limit, now).replace(state);
}

} // namespace edge::limit
