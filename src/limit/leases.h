// Units that this process has charged in Redis ahead of the requests that will
// use them (sync=lease). They were taken before they are used, so all processes
// together never admit more than was charged; how many are taken follows how
// many were asked for lately, and what is not used in time is given back.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "base/hash.h"
#include "limit/key_hasher.h"
#include "limit/meter.h"

namespace edge::limit {

class Leases
{
public:
    // How long leased units may be used.
    static constexpr Micros kTerm = 100'000;
    // With one more all leases are dropped: too little is admitted then.
    static constexpr std::size_t kMaxKeys = 10'000;

    // Whether so many are there; the question is remembered as demand.
    bool has(const Hash128 &key, std::uint64_t units, Micros now);
    // Requires has().
    void take(const Hash128 &key, std::uint64_t units);

    // How many more than one request needs are worth to be charged: what comes
    // in seven tenths of a term at the rate of late. 0: not worth it.
    std::uint64_t wanted(const Hash128 &key, Micros now) const;

    // What is left of earlier ones makes their term that of all.
    void add(const Hash128 &key, std::uint64_t units, const Clocks &asked);

    // Units whose term is over, to be given back. A bucket has drained since,
    // and a window or a period ends: what was charged may be taken off only as
    // far as it is still in it, or a unit would be admitted twice.
    std::uint64_t take_expired(const Hash128 &key, const Meter &meter,
                               const Clocks &now);

    void forget(const Hash128 &key) { leases_.erase(key); }

private:
    struct Lease
    {
        std::uint64_t units = 0;
        Clocks since;        // when they were charged
        double demand = 0;   // units asked for lately
        Micros measured = 0; // when
    };

    static double demand(const Lease &lease, Micros now);
    Lease *find(const Hash128 &key);
    const Lease *find(const Hash128 &key) const;

    std::unordered_map<Hash128, Lease, KeyHasher> leases_;
};

} // namespace edge::limit
