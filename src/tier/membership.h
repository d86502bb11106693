// This instance as a member of its zone's log; in the zone's shared memory,
// under its lock.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/time.h"
#include "invalidate/generation.h"
#include "limit/rate.h"
#include "tier/worker.h"

namespace edge::tier {

struct Membership
{
    // Random: one lifetime of the zone's memory is one instance, unless all of
    // its workers leave and others come.
    std::array<char, 32> id{};

    // The worker that reads the log, and when it last took a step.
    Process reader;
    BootTime reader_seen = BootTime::min();

    // A worker went before it had the answer to its last beat.
    bool has_unread_beat = false;

    // The highest version of the members that was read.
    std::uint64_t version = 0;
    // The one in which this instance had joined the epoch `joined_epoch`, and
    // whether all others have read it (protocol 5.8).
    std::uint64_t joined_version = 0;
    invalidate::Nonce joined_epoch = 0;
    bool is_known = false;

    // Members that are there, for what each instance's share is.
    std::uint64_t live = 0;
    // Replicas of Redis that had what the last beat wrote (wait=N).
    std::uint64_t replicas = 0;
    // Of the epochs that are begun from here (limit/gcra.h).
    limit::Micros epochs_tat = 0;

    std::string_view text() const { return {id.data(), id.size()}; }
};

} // namespace edge::tier
