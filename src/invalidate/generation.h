// A generation is a position in the log of purges: epoch number (24 bits),
// then sequence within the epoch (40 bits, from 1). Order is by the packed
// value; whether two positions belong to the same epoch is decided by the
// epoch's nonce alone, as numbers can be used again after the log was lost.
#pragma once

#include <compare>
#include <cstdint>

#include "base/time.h"

namespace edge::invalidate {

struct Generation
{
    std::uint64_t packed = 0;

    static constexpr std::uint64_t kSequenceBits = 40;
    static constexpr std::uint64_t kMaxSequence =
        (std::uint64_t{1} << kSequenceBits) - 1;

    static constexpr Generation of(std::uint64_t epoch, std::uint64_t sequence)
    {
        return {epoch << kSequenceBits | (sequence & kMaxSequence)};
    }
    constexpr std::uint64_t epoch() const { return packed >> kSequenceBits; }
    constexpr std::uint64_t sequence() const { return packed & kMaxSequence; }

    friend auto operator<=>(const Generation &, const Generation &) = default;
};

using Nonce = std::uint64_t;

// A record's place in the log. Nonce 0: no place at all.
struct Position
{
    Nonce nonce = 0;
    Generation generation;

    friend bool operator==(const Position &, const Position &) = default;
};

// Whoever is at `position` has the record there.
constexpr bool reaches(const Position &position, const Position &record)
{
    return position.nonce == record.nonce &&
           position.generation >= record.generation;
}

// Soft: what is purged may still be served stale. Hard: never again.
enum class PurgeMode : std::uint8_t { hard, soft };

// What a fill takes before its first byte goes upstream, and the entry keeps:
// everything purged up to here is already out of what the origin answers.
struct Ticket
{
    Nonce nonce = 0;
    Generation generation;
    // Counts purges that reached this instance and no log; 0 in an entry that
    // came from another instance.
    std::uint64_t local = 0;
    // When a fill of this instance took it; an entry does not keep it.
    BootTime taken = BootTime::min();

    friend bool operator==(const Ticket &, const Ticket &) = default;
};

} // namespace edge::invalidate
