#include "limit/meter.h"

#include <algorithm>
#include <cmath>

namespace edge::limit {

namespace {

using redis::LimitKind;
using redis::ScriptLimit;

double share_of(double units, std::uint64_t instances)
{
    return std::max(1.0, std::floor(units / static_cast<double>(instances)));
}

std::optional<Micros> wait_for_count(double most, const State &state,
                                     std::uint64_t units)
{
    if (static_cast<double>(units) > most) {
        return std::nullopt;
    }
    return units <= state.remaining ? 0 : state.time;
}

LimitKind kind_of(Calendar period)
{
    switch (period) {
    case Calendar::hour:
        return LimitKind::hour;
    case Calendar::day:
        return LimitKind::day;
    case Calendar::week:
        return LimitKind::week;
    case Calendar::month:
        break;
    }
    return LimitKind::month;
}

} // namespace

std::optional<Meter> make_meter(const Figures &figures)
{
    switch (figures.algorithm) {
    case Algorithm::gcra:
        break;
    case Algorithm::window:
        return Window{static_cast<double>(figures.rate.units),
                      static_cast<double>(figures.rate.seconds) * 1e6};
    case Algorithm::quota:
        return figures.quota;
    }
    return make_bucket(figures.rate, figures.burst);
}

std::uint64_t units(const Meter &meter)
{
    return std::visit(
        Overloaded{[](const Bucket &bucket) { return remaining(bucket, 0); },
                   [](const auto &counted) {
                       return static_cast<std::uint64_t>(counted.units);
                   }},
        meter);
}

Meter share(const Meter &meter, std::uint64_t instances)
{
    return std::visit(Overloaded{[=](const Bucket &bucket) -> Meter {
                                     return share(bucket, instances);
                                 },
                                 [=](Window window) -> Meter {
                                     window.units =
                                         share_of(window.units, instances);
                                     return window;
                                 },
                                 [=](Quota quota) -> Meter {
                                     quota.units =
                                         share_of(quota.units, instances);
                                     return quota;
                                 }},
                      meter);
}

std::optional<Micros> wait_for(const Meter &meter, const State &state,
                               std::uint64_t units)
{
    return std::visit(Overloaded{[&](const Bucket &bucket) {
                                     return wait_for(bucket, state.time, units);
                                 },
                                 [&](const auto &counted) {
                                     return wait_for_count(counted.units, state,
                                                           units);
                                 }},
                      meter);
}

bool still_counts(const Meter &meter, const Clocks &charged, const Clocks &now)
{
    return std::visit(Overloaded{[](const Bucket &) { return true; },
                                 [&](const Window &window) {
                                     return std::floor(charged.wall /
                                                       window.width) ==
                                            std::floor(now.wall / window.width);
                                 },
                                 [&](const Quota &quota) {
                                     return period_end(quota, charged.wall) ==
                                            period_end(quota, now.wall);
                                 }},
                      meter);
}

ScriptLimit script_figures(const Meter &meter)
{
    ScriptLimit limit;
    std::visit(Overloaded{[&](const Bucket &bucket) {
                              limit.kind = LimitKind::bucket;
                              limit.a = bucket.interval;
                              limit.b = bucket.capacity;
                          },
                          [&](const Window &window) {
                              limit.kind = LimitKind::window;
                              limit.a = window.units;
                              limit.b = window.width;
                          },
                          [&](const Quota &quota) {
                              limit.kind = kind_of(quota.period);
                              limit.a = quota.units;
                              limit.b = quota.offset;
                          }},
               meter);
    return limit;
}

} // namespace edge::limit
