// Being in step with the log: what an answer to BEAT means for an instance,
// and when a purge has reached all others. Whatever does not fit is answered
// by doubt.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "invalidate/log_format.h"
#include "invalidate/record.h"

namespace edge::invalidate {

struct Situation
{
    Progress progress;
    // The epoch this instance was last in, sequence 0.
    Position epoch;
    bool strict = false;
    // Asked when the answer arrived.
    bool has_lease = false;
    // All other members have read of this one. Before that nobody would carry
    // it over into a new epoch.
    bool known_to_others = false;
};

enum class Step
{
    begin_epoch, // EPOCH on top of reply.top, then BEAT again
    doubt,       // forget the position, then BEAT from the first record
    apply        // restart if told to, apply the records in their order
};

struct Plan
{
    Step step = Step::doubt;
    // The place to go on after; for an instance without a position.
    std::optional<Position> restart;
};

Plan plan(const BeatReply &reply, const Situation &situation);

// What a member needs so that nothing purged is served by it any more, from
// the moment it was last heard of: clocks run within 10 % of each other.
Millis grace(Millis lease);

// Which members are silent, and since when, by our own clock. In the answers
// of one epoch: another one starts all over.
class Watch
{
public:
    // The answer to a question asked at `asked` arrived at `received`.
    void observe(const BeatReply &reply, BootTime asked, BootTime received);

    // For how long the member's beats are known not to have changed.
    Millis silence(std::string_view id) const;

private:
    struct Sight
    {
        std::uint64_t beats = 0;
        BootTime first;
        BootTime last;
    };

    Nonce epoch_ = 0;
    std::map<std::string, Sight, std::less<>> sights_;
};

struct Missing
{
    std::string name;
    // When it can no longer serve what was purged, if it stays silent. Absent:
    // it serves without a lease, so only it can say.
    std::optional<Millis> safe_in;

    friend bool operator==(const Missing &, const Missing &) = default;
};

struct Acknowledgement
{
    // The answer is from after the record was written, in the same epoch, and
    // this instance is a member itself. Otherwise its members say nothing.
    bool counts = false;
    std::size_t live = 0;    // members that are not out of service
    std::size_t applied = 0; // of these
    std::vector<Missing> missing;

    bool complete() const { return counts && missing.empty(); }
};

Acknowledgement acknowledge(const BeatReply &reply, const Position &record,
                            std::string_view self, const Watch &watch);

// Before that no purge is acknowledged: a member whose registration was lost
// may still have its lease.
BootTime earliest_acknowledgement(BootTime joined,
                                  std::span<const Member> members);

// Every other member has read `version`, in which `self` had joined. Silent
// ones too: they can come back and begin an epoch of those they know.
bool known_to_others(std::span<const Member> members, std::string_view self,
                     std::uint64_t version);

// For so long nothing was heard that even without a lease others may have been
// promised what is not known here. `current_at`: see may_serve().
bool is_isolated(Millis isolation, BootTime current_at, BootTime now);

struct ServingRule
{
    bool strict = false;
    Millis isolation{0};
};

// Whether a hit may be served at `now`, which was read after the request.
// `current_at`: when the last question was asked whose answer was applied.
bool may_serve(const ServingRule &rule, BootTime lease_until,
               BootTime current_at, bool is_known, BootTime now);

} // namespace edge::invalidate
