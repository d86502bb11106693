#include "flow/stored_entry.h"

#include "cache/freshness.h"
#include "ngx/clock.h"

namespace edge::flow {

namespace {

using cache::Entry;
using cache::Reason;

Reason judge(Request &request, const Entry &entry,
             const shm::PinnedObject *object, Millis age, Millis remaining)
{
    const cache::Policy &policy = request.lcf.policy;
    Reason reason = may_answer(request.facts, policy, entry);
    if (reason == Reason::none) {
        reason = may_satisfy(request.facts.control, policy, age, remaining);
    }
    if (reason != Reason::none) {
        return reason;
    }
    tier::Zone &zone = request.zone();
    return object != nullptr ? zone.judge(*object, entry) : zone.judge(entry);
}

} // namespace

std::optional<Entry> read_entry(Request &request, std::string_view head,
                                std::string_view key)
{
    const auto decoded = cache::decode_head(head);
    if (const auto *reason = std::get_if<Reason>(&decoded)) {
        request.refuse(*reason);
        return std::nullopt;
    }
    const Entry &entry = std::get<Entry>(decoded);
    if (entry.key != key) {
        request.refuse(Reason::entry_mismatch);
        return std::nullopt;
    }
    return entry;
}

std::optional<Millis> age_if_usable(Request &request, const Entry &entry,
                                    const shm::PinnedObject *object)
{
    const Millis age = current_age(entry.times, ngx::wall_now());
    const Millis remaining = entry.times.lifetime - age;
    if (remaining <= Millis(0)) {
        request.found_expired = true;
        return std::nullopt;
    }
    const Reason reason = judge(request, entry, object, age, remaining);
    if (reason != Reason::none) {
        request.found_unusable = true;
        request.refuse(reason);
        return std::nullopt;
    }
    return age;
}

} // namespace edge::flow
