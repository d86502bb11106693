// How full the buckets of one limit zone are: key -> TAT (limit/gcra.h), in
// a table of fixed size. What decides when Redis does not answer.
//
// A key has sixteen places. When all are taken, the one that drains first
// makes room, but never one that denies right now. When all sixteen deny, the
// newcomers share one bucket: few are admitted, never any number.
//
// Two keys with one hash share a bucket as well; hash them with a secret.
//
// A view of shared memory, cheap to copy. Callers hold the zone's lock. Times
// are microseconds of a clock that never goes back, as doubles. A writer that
// is killed leaves nothing to recover: after every single store the table is
// valid, and at most the key that was written is forgotten.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/hash.h"

namespace edge::shm {

class Buckets
{
public:
    static constexpr std::size_t kPlaces = 16;
    static constexpr std::size_t kBytesPerPlace = 32;
    static constexpr std::size_t kAlignment = 64;

    // Makes an empty table of aligned memory; nullopt: not enough of it.
    static std::optional<Buckets> format(std::span<std::byte> memory);

    // What format() made of the same memory; nullopt: something else is there.
    static std::optional<Buckets> attach(std::span<std::byte> memory);

    std::size_t places() const;

    // Of the key, or of what it would share; 0 if it would get a new place.
    double tat(const Hash128 &key, double now) const;

    // Never lowers a TAT. `slack`: the key denies while its TAT is more than
    // this ahead of the time.
    void raise(const Hash128 &key, double tat, double slack, double now);

    // Buckets that were not empty when they made room, and times somebody
    // had to share.
    std::uint64_t evicted() const;
    std::uint64_t shared() const;

private:
    struct Place;
    struct Header;

    explicit Buckets(std::span<std::byte> memory);
    std::span<Place> places_of(const Hash128 &key) const;
    Place *own_place(const Hash128 &key) const;
    Place *free_place(const Hash128 &key, double now) const;

    Header *header_;
    std::span<Place> places_;
};

} // namespace edge::shm
