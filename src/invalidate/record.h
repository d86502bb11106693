// The records of the log.
//
// A purge names rows of the table of purges and nothing else, so whoever
// applies it finds no object to drop: an entry is checked when it is used.
// Tags, prefixes and whole tenants cannot work otherwise; purges of one URL,
// path or key are rare enough (they come from an operator) to be no exception.
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

struct EpochStart
{
    // No place when there was no log.
    Position after;

    friend bool operator==(const EpochStart &, const EpochStart &) = default;
};

struct Purge
{
    // Of the request that asked for it: asking again adds no second record.
    std::string request;
    PurgeMode mode = PurgeMode::hard;
    std::vector<RowKey> rows;
    // For how long nothing is served after it was applied.
    Millis hold{0};

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
