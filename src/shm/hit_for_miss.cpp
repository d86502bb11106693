#include "shm/hit_for_miss.h"

#include <algorithm>

namespace edge::shm {

std::span<HitForMiss::Row> HitForMiss::set_of(const Hash128 &name) const
{
    const std::size_t sets = rows_.size() / kWays;
    return rows_.subspan(name.lo % sets * kWays, kWays);
}

std::optional<HitForMiss::Place> HitForMiss::find(const Hash128 &name,
                                                  BootTime now) const
{
    const auto set = set_of(name);
    const auto row = std::ranges::find(set, name.hi, &Row::name);
    if (row == set.end() || row->until <= now.time_since_epoch().count()) {
        return std::nullopt;
    }
    return row->place;
}

void HitForMiss::remember(const Hash128 &name, Place place, BootTime until)
{
    const auto set = set_of(name);
    auto row = std::ranges::find(set, name.hi, &Row::name);
    if (row == set.end()) {
        row = std::ranges::min_element(set, {}, &Row::until);
        *row = {name.hi, 0, place};
    }
    row->place = place;
    row->until = std::max(row->until, until.time_since_epoch().count());
}

void HitForMiss::forget(const Hash128 &name)
{
    const auto set = set_of(name);
    const auto row = std::ranges::find(set, name.hi, &Row::name);
    if (row != set.end()) {
        *row = {};
    }
}

} // namespace edge::shm
