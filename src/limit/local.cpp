#include "limit/local.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <utility>

namespace edge::limit {

namespace {

using shm::BucketRecord;

// What one key has used, of the share of this instance. A record holds
//   of a bucket   two TATs: as told, and with what was charged here
//   of a window   units as told or charged here in it, and in the one before
//   of a quota    units as told or charged here in this period
// and how much of what was charged here has been handed over: it counts here
// until Redis has told of it. A window has it where the others have when they
// were told, which it has no use for.
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

    // As told by Redis.
    void tell(const State &state, bool denied)
    {
        std::visit([&](const auto &m) { tell(m, state); }, limit_.meter);
        if (const auto *bucket = std::get_if<Bucket>(&limit_.meter)) {
            hold(*bucket, denied);
        }
        if (known_ || record_.expires > now_.steady) {
            write();
        }
    }

    // Of the whole, as Redis told last; nullopt: nothing is certain.
    std::optional<State> told() const
    {
        if (!(now_.steady < record_.told_at + kTrust)) {
            return std::nullopt;
        }
        if (const auto *bucket = std::get_if<Bucket>(&limit_.meter)) {
            const Micros level = std::max(0.0, record_.told - now_.steady);
            return State{limit::remaining(*bucket, level), level};
        }
        const auto *quota = std::get_if<Quota>(&limit_.meter);
        if (quota == nullptr || !known_) {
            return std::nullopt;
        }
        const double rest = std::max(0.0, quota->units - record_.told);
        return State{static_cast<std::uint64_t>(rest), time(*quota)};
    }

    // The same where nothing is certain: at least what was told is gone.
    State guess() const
    {
        const std::uint64_t most = units(limit_.meter);
        const bool counts = !std::holds_alternative<Bucket>(limit_.meter);
        const auto gone = counts ? static_cast<std::uint64_t>(record_.told) : 0;
        return {most - std::min(most, gone), 0};
    }

    std::int64_t take_charges()
    {
        const double units =
            std::visit([this](const auto &m) { return take(m); }, share_);
        if (units > 0) {
            write();
        }
        return static_cast<std::int64_t>(units);
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
        if (record_.own <= record_.before) {
            record_.own = record_.before = 0;
        }
        record_.told = now_.steady + state.time;
        record_.told_at = now_.steady;
        record_.expires = std::max(record_.told, record_.own);
    }
    void hold(const Bucket &bucket, bool denied)
    {
        const Micros room =
            bucket.capacity -
            static_cast<double>(std::abs(limit_.cost)) * bucket.interval;
        if (denied && room >= 0 && bucket.capacity > 2 * kHold) {
            record_.told = std::max(record_.told, now_.steady + kHold + room);
            record_.expires = std::max(record_.told, record_.own);
        }
    }
    // A share drains as many times slower as there are instances.
    double take(const Bucket &bucket)
    {
        const Micros known =
            std::max({record_.told, record_.before, now_.steady});
        record_.before = record_.own;
        return std::ceil(std::max(0.0, record_.own - known) / bucket.interval);
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
            record_.told = record_.told_at = 0;
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
    double take(const Window &) { return take_units(record_.told_at); }
    void tell(const Window &window, const State &state)
    {
        record_.own -= std::exchange(record_.told_at, 0);
        record_.before = 0;
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
    double take(const Quota &) { return take_units(record_.before); }
    void tell(const Quota &quota, const State &state)
    {
        record_.own -= std::exchange(record_.before, 0);
        record_.told_at = now_.steady;
        record_.told = quota.units - static_cast<double>(state.remaining);
        record_.expires = now_.steady + state.time;
    }

    double take_units(double &handed_over) const
    {
        return record_.own - std::exchange(handed_over, record_.own);
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

void note_state(const LocalLimit &limit, const State &state, bool denied,
                const Clocks &asked)
{
    Ledger(limit, asked).tell(state, denied);
}

redis::LimitAnswer recall(std::span<const LocalLimit> limits, const Clocks &now)
{
    redis::LimitAnswer answer{.granted = 1, .limits = limits.size()};
    for (std::size_t i = 0; i < limits.size(); i++) {
        const Ledger ledger(limits[i], now);
        answer.states[i] = ledger.told().value_or(ledger.guess());
    }
    return answer;
}

std::optional<redis::LimitAnswer>
refuse_as_told(std::span<const LocalLimit> limits, const Clocks &now)
{
    redis::LimitAnswer answer = recall(limits, now);
    for (std::size_t i = 0; i < limits.size(); i++) {
        const LocalLimit &limit = limits[i];
        const auto told = Ledger(limit, now).told();
        const auto cost = static_cast<std::uint64_t>(std::abs(limit.cost));
        if (told && wait_for(limit.meter, *told, cost) != 0.0) {
            answer.denied |= 1u << i;
            answer.granted = limit.dry_run ? answer.granted : 0;
        }
    }
    return answer.granted ? std::nullopt : std::optional(answer);
}

void forget(const LocalLimit &limit, const Clocks &now)
{
    shm::Buckets zone = limit.zone;
    if (zone.find(limit.key, now.steady) != shm::BucketRecord{}) {
        zone.put(limit.key, {}, now.steady);
    }
}

std::int64_t take_charges(const LocalLimit &limit, const Clocks &now)
{
    return Ledger(limit, now).take_charges();
}

} // namespace edge::limit
