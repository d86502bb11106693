// What one instance knows of the keys of a limit zone, in a table of fixed
// size. What decides when Redis does not answer (limit/local.h).
//
// A key has sixteen places. When all are taken, the one that is worthless
// first makes room, but never one that denies right now. When all sixteen
// deny, the newcomers share one record: few are admitted, never any number.
//
// Two keys with one hash share a record as well; hash them with a secret.
//
// A view of shared memory, cheap to copy. Callers hold the zone's lock. Times
// are microseconds of a clock that never goes back, as doubles. A writer that
// is killed leaves nothing to recover: after every single store the table is
// valid, and at most the key that was written is forgotten, or the last charge
// of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/hash.h"

namespace edge::shm {

// Of one key. What `told`, `own` and `before` are depends on its limit.
struct BucketRecord
{
    double expires = 0; // from then on nothing here counts any more
    double denies = 0;  // until then not one unit is left
    double told = 0;    // as Redis told last
    double told_at = 0; // when it was asked
    double own = 0;     // charged here since, without Redis
    double before = 0;

    friend bool operator==(const BucketRecord &,
                           const BucketRecord &) = default;
};

class Buckets
{
public:
    static constexpr std::size_t kPlaces = 16;
    static constexpr std::size_t kBytesPerPlace = 64;
    static constexpr std::size_t kAlignment = 64;

    // Makes an empty table of aligned memory; nullopt: not enough of it.
    static std::optional<Buckets> format(std::span<std::byte> memory);

    // What format() made of the same memory; nullopt: something else is there.
    static std::optional<Buckets> attach(std::span<std::byte> memory);

    std::size_t places() const;

    // Of the key, or of what it would share. All zero when it has expired, or
    // would get a new place.
    BucketRecord find(const Hash128 &key, double now) const;

    // In place of what find() returned.
    void put(const Hash128 &key, const BucketRecord &record, double now);

    // Records that counted still when they made room, and times somebody had
    // to share.
    std::uint64_t evicted() const;
    std::uint64_t shared() const;

private:
    struct Place;
    struct Header;

    explicit Buckets(std::span<std::byte> memory);
    std::span<Place> places_of(const Hash128 &key) const;
    Place *own_place(const Hash128 &key) const;
    Place *free_place(const Hash128 &key, double now) const;
    Place &claim(const Hash128 &key, double now);

    Header *header_;
    std::span<Place> places_;
};

} // namespace edge::shm
