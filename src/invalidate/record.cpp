#include "invalidate/record.h"

namespace edge::invalidate {

namespace {

bool begins_after(const Record &record, const Position &after,
                  const Position &applied)
{
    if (after.nonce == 0) {
        // The log was lost. Was there an epoch in between, its records are
        // unknown; numbers rise by one unless somebody knew such an epoch.
        return record.position.generation.epoch() ==
               applied.generation.epoch() + 1;
    }
    return after.nonce == applied.nonce &&
           after.generation <= applied.generation;
}

} // namespace

bool follows(const Record &record, const Progress &progress)
{
    const Position &applied = progress.applied;
    const Position &next = record.position;
    if (applied.nonce == 0 || next.nonce == 0) {
        return false;
    }
    if (next.nonce == applied.nonce) {
        return next.generation.packed == applied.generation.packed + 1;
    }
    const auto *start = std::get_if<EpochStart>(&record.what);
    return start != nullptr && progress.caught_up &&
           next.generation > applied.generation &&
           begins_after(record, start->after, applied);
}

} // namespace edge::invalidate
