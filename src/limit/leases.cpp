#include "limit/leases.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace edge::limit {

namespace {

constexpr double kShareOfTerm = 0.7;

} // namespace

// What was asked for fades with the time of a term: at a steady rate it is what
// comes in one.
double Leases::demand(const Lease &lease, Micros now)
{
    return lease.demand * std::exp((lease.measured - now) / kTerm);
}

const Leases::Lease *Leases::find(const Hash128 &key) const
{
    const auto found = leases_.find(key);
    return found == leases_.end() ? nullptr : &found->second;
}

Leases::Lease *Leases::find(const Hash128 &key)
{
    return const_cast<Lease *>(std::as_const(*this).find(key));
}

bool Leases::has(const Hash128 &key, std::uint64_t units, Micros now)
{
    if (leases_.size() == kMaxKeys && find(key) == nullptr) {
        leases_.clear();
    }
    Lease &lease = leases_[key];
    lease.demand = demand(lease, now) + static_cast<double>(units);
    lease.measured = now;
    return lease.units >= units && now < lease.since.steady + kTerm;
}

void Leases::take(const Hash128 &key, std::uint64_t units)
{
    if (Lease *lease = find(key)) {
        lease->units -= std::min(lease->units, units);
    }
}

std::uint64_t Leases::wanted(const Hash128 &key, Micros now) const
{
    const Lease *lease = find(key);
    const double units = lease ? kShareOfTerm * demand(*lease, now) : 0;
    return units < 2 ? 0 : static_cast<std::uint64_t>(units);
}

void Leases::add(const Hash128 &key, std::uint64_t units, const Clocks &asked)
{
    Lease *lease = find(key);
    if (lease == nullptr || units == 0) {
        return;
    }
    if (lease->units == 0) {
        lease->since = asked;
    }
    lease->units += units;
}

std::uint64_t Leases::take_expired(const Hash128 &key, const Meter &meter,
                                   const Clocks &now)
{
    Lease *lease = find(key);
    if (lease == nullptr || now.steady < lease->since.steady + kTerm) {
        return 0;
    }
    auto units = static_cast<double>(std::exchange(lease->units, 0));
    if (!still_counts(meter, lease->since, now)) {
        return 0;
    }
    if (const auto *bucket = std::get_if<Bucket>(&meter)) {
        units -= (now.steady - lease->since.steady) / bucket->interval;
    }
    return static_cast<std::uint64_t>(std::floor(std::max(0.0, units)));
}

} // namespace edge::limit
