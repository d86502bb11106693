#include "invalidate/coherence.h"

#include <algorithm>

namespace edge::invalidate {

namespace {

Plan restart_at_first(const BeatReply &reply)
{
    if (reply.records.empty() ||
        reply.records.front().position.nonce != reply.top.nonce) {
        return {Step::doubt, {}};
    }
    const Position &first = reply.records.front().position;
    return {Step::apply, Position{first.nonce, {first.generation.packed - 1}}};
}

// The log went back, or somebody used a number again who did not know of us.
bool is_behind(const Position &top, const Situation &situation)
{
    const Position &epoch = situation.epoch;
    if (top.nonce != epoch.nonce) {
        return top.generation.epoch() <= epoch.generation.epoch();
    }
    return top.generation < situation.progress.applied.generation;
}

// Whether each record follows the one before; those up to the position have
// been applied already.
bool is_chain(const BeatReply &reply, Progress progress)
{
    for (const Record &record : reply.records) {
        if (record.position.generation <= progress.applied.generation) {
            continue;
        }
        if (!follows(record, progress)) {
            return false;
        }
        progress.applied = record.position;
    }
    return !reply.records.empty();
}

bool is_out_of_service(const Member &member, const Watch &watch)
{
    return member.strict && watch.silence(member.id) >= grace(member.lease);
}

Missing missing(const Member &member, const Watch &watch)
{
    if (!member.is_readable) {
        return {"unreadable member " + member.id, std::nullopt};
    }
    if (!member.strict) {
        return {member.name, std::nullopt};
    }
    return {member.name, grace(member.lease) - watch.silence(member.id)};
}

} // namespace

Plan plan(const BeatReply &reply, const Situation &situation)
{
    if (reply.lost || is_behind(reply.top, situation)) {
        return {Step::begin_epoch, {}};
    }
    if (situation.progress.applied.nonce == 0) {
        return restart_at_first(reply);
    }
    const bool is_carried_over =
        situation.known_to_others && (situation.has_lease || !situation.strict);
    if (reply.top.nonce != situation.epoch.nonce && !is_carried_over) {
        return {Step::doubt, {}};
    }
    return {is_chain(reply, situation.progress) ? Step::apply : Step::doubt,
            {}};
}

Millis grace(Millis lease)
{
    return lease * 11 / 10 + Millis(50);
}

void Watch::observe(const BeatReply &reply, BootTime asked, BootTime received)
{
    std::map<std::string, Sight, std::less<>> sights;
    for (const Member &member : reply.members) {
        const auto before = sights_.find(member.id);
        const bool is_unchanged = epoch_ == reply.top.nonce &&
                                  before != sights_.end() &&
                                  before->second.beats == member.beats;
        sights[member.id] = {member.beats,
                             is_unchanged ? before->second.first : received,
                             is_unchanged ? asked : received};
    }
    epoch_ = reply.top.nonce;
    sights_ = std::move(sights);
}

Millis Watch::silence(std::string_view id) const
{
    const auto sight = sights_.find(id);
    if (sight == sights_.end()) {
        return Millis(0);
    }
    return std::max(Millis(0), sight->second.last - sight->second.first);
}

Acknowledgement acknowledge(const BeatReply &reply, const Position &record,
                            std::string_view self, const Watch &watch)
{
    Acknowledgement result;
    const bool is_after = reaches(reply.top, record);
    for (const Member &member : reply.members) {
        result.counts |= is_after && member.id == self;
        const bool applied = reaches(member.applied, record);
        if (!applied && is_out_of_service(member, watch)) {
            continue;
        }
        result.live++;
        result.applied += applied;
        if (!applied) {
            result.missing.push_back(missing(member, watch));
        }
    }
    return result;
}

BootTime earliest_acknowledgement(BootTime joined,
                                  std::span<const Member> members)
{
    Millis longest(0);
    for (const Member &member : members) {
        longest = std::max(longest, member.lease);
    }
    return joined + grace(longest);
}

bool known_to_others(std::span<const Member> members, std::string_view self,
                     std::uint64_t version)
{
    return std::ranges::all_of(members, [&](const Member &member) {
        return member.id == self || member.version >= version;
    });
}

bool is_isolated(Millis isolation, BootTime current_at, BootTime now)
{
    return current_at == BootTime::min() ||
           now - current_at > isolation * 9 / 10;
}

bool may_serve(const ServingRule &rule, BootTime lease_until,
               BootTime current_at, bool is_known, BootTime now)
{
    if (now < lease_until) {
        return true;
    }
    return !rule.strict && is_known &&
           !is_isolated(rule.isolation, current_at, now);
}

} // namespace edge::invalidate
