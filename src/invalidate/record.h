// The records of the log.
//
// A purge names rows of the table of purges and nothing else, so whoever
// applies it finds no object to drop: an entry is checked when it is used.
// Rows of unsafe methods are too many to be kept like those of operators; they
// have a table of their own (shm/exact_rows.h).
//
// An epoch's first record says which record it was put after. Whoever has
// applied all up to there has missed nothing; so has one who applied more of
// the same epoch, which the log has lost. Anybody else is in doubt.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/time.h"
#include "invalidate/generation.h"
#include "invalidate/selector.h"

namespace edge::invalidate {

inline constexpr std::size_t kMaxRows = 1000;
inline constexpr std::size_t kMaxRequestId = 64;
// Tags that an object has to have all of, to be purged.
inline constexpr std::size_t kMaxTogether = 8;
inline constexpr Millis kMaxSettle{60'000};

// Unsafe methods: writes of a name within the window after a record of it was
// sent are covered by the hold of that record (protocol 9).
inline constexpr Millis kWriteWindow{1000};
inline constexpr Millis kWriteHold = kWriteWindow * 11 / 10 + Millis(50);

struct EpochStart
{
    // No place when there was no log.
    Position after;

    friend bool operator==(const EpochStart &, const EpochStart &) = default;
};

struct Purge
{
    // Of the request that asked for it: asking again adds no second record.
    std::string request{};
    PurgeMode mode = PurgeMode::hard;
    std::vector<RowKey> rows{};
    // Not 0: of unsafe methods. For so long nothing of these rows is served
    // after it was applied, so that more writes need no more records.
    Millis hold{0};
    // The rows in groups of so many, 1 to kMaxTogether: what has all rows of a
    // group is purged. Not with `hold`.
    std::size_t together = 1;
    // What is filled within so long after it was applied is kept for no longer
    // than that: the origin may have read a replica that lags.
    Millis settle{0};

    friend bool operator==(const Purge &, const Purge &) = default;
};

struct Record
{
    Position position;
    std::variant<EpochStart, Purge> what;

    friend bool operator==(const Record &, const Record &) = default;
};

// How far somebody is with the log. Caught up: has read it to its end once
// since the last doubt. Who has not cannot tell what a new epoch lacks.
struct Progress
{
    Position applied;
    bool caught_up = false;
};

// Whether `record` is the next one to apply.
bool follows(const Record &record, const Progress &progress);

} // namespace edge::invalidate
