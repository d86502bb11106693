#include "shm/hit_for_miss.h"

#include <algorithm>

namespace edge::shm {

namespace {

void set_refused(HitForMiss::Row &row, const HitForMiss::Refused &why)
{
    const auto since = why.at.time_since_epoch();
    row.reason = static_cast<std::uint8_t>(why.reason);
    row.second = static_cast<std::uint32_t>(
        std::chrono::duration_cast<Seconds>(since).count());
}

} // namespace

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

HitForMiss::Row &HitForMiss::claim(const Hash128 &name)
{
    const auto set = set_of(name);
    auto row = std::ranges::find(set, name.hi, &Row::name);
    if (row == set.end()) {
        row = std::ranges::min_element(set, {}, &Row::until);
        *row = {};
        row->name = name.hi;
    }
    return *row;
}

void HitForMiss::remember(const Hash128 &name, Place place, BootTime until,
                          const Refused &why)
{
    Row &row = claim(name);
    row.place = place;
    row.until = std::max(row.until, until.time_since_epoch().count());
    set_refused(row, why);
}

void HitForMiss::note(const Hash128 &name, const Refused &why)
{
    const std::int64_t now = why.at.time_since_epoch().count();
    const auto set = set_of(name);
    const bool has_room = std::ranges::any_of(set, [&](const Row &row) {
        return row.name == name.hi || row.until <= now;
    });
    if (has_room) {
        Row &row = claim(name);
        row.until = std::max(row.until, now);
        set_refused(row, why);
    }
}

std::optional<HitForMiss::Standing>
HitForMiss::look(const Hash128 &name) const
{
    const auto set = set_of(name);
    const auto row = std::ranges::find(set, name.hi, &Row::name);
    if (row == set.end() || row->until == 0) {
        return std::nullopt;
    }
    Standing standing{};
    if (row->reason < cache::kReasons) {
        standing.refused.reason = static_cast<cache::Reason>(row->reason);
    }
    standing.refused.at = BootTime(Seconds(row->second));
    standing.until = BootTime(Millis(row->until));
    standing.place = row->place;
    return standing;
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
