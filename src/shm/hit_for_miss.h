// Resources of which it is known, for a while, that one fetch does not answer
// another: their answers are not stored here ("hit for miss"). Nobody waits for
// somebody else's. Fixed in size: what is forgotten early costs a wait.
//
// A view of shared memory, cheap to copy. Callers hold the zone's lock. Any
// bytes are a valid state: nothing has to be recovered.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/hash.h"
#include "base/time.h"

namespace edge::shm {

class HitForMiss
{
public:
    // Where the answer is found all the same.
    enum class Place : std::uint8_t
    {
        origin,
        redis, // memory has no room for it
    };
    struct Row
    {
        std::uint64_t name;
        std::int64_t until; // BootTime
        Place place;
    };
    static constexpr std::size_t kWays = 4;

    // Of zeroed memory; as many rows as fit, at least kWays.
    explicit HitForMiss(std::span<Row> rows) : rows_(rows) {}

    // nullopt: nothing is known of it.
    std::optional<Place> find(const Hash128 &name, BootTime now) const;
    // Never shortens what is remembered already.
    void remember(const Hash128 &name, Place place, BootTime until);
    void forget(const Hash128 &name);

private:
    std::span<Row> set_of(const Hash128 &name) const;

    std::span<Row> rows_;
};

} // namespace edge::shm
