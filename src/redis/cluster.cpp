#include "redis/cluster.h"

#include "redis/command.h"
#include "redis/commands.h"

namespace edge::redis {
namespace {

struct Range
{
    std::uint16_t first;
    std::uint16_t last;
    Endpoint master;
};

bool is_slot(const Reply &reply)
{
    return reply.type == ReplyType::integer && reply.integer >= 0 &&
           reply.integer < kSlots;
}

// [first, last, [host, port, ...] of the master, ... of its replicas]
std::optional<Range> parse_range(const Reply &range)
{
    const auto &parts = range.elements;
    if (parts.size() < 3 || !is_slot(parts[0]) || !is_slot(parts[1]) ||
        parts[0].integer > parts[1].integer || parts[2].elements.size() < 2 ||
        parts[2].elements[1].type != ReplyType::integer) {
        return std::nullopt;
    }
    auto master = make_endpoint(parts[2].elements[0].text,
                                std::to_string(parts[2].elements[1].integer));
    if (!master) {
        return std::nullopt;
    }
    return Range{static_cast<std::uint16_t>(parts[0].integer),
                 static_cast<std::uint16_t>(parts[1].integer),
                 std::move(*master)};
}

} // namespace

void Cluster::append_query(std::string &out) const
{
    append_command(out, {command::kCluster, "SLOTS"});
}

// A node that does not know its own address, or serves nothing, cannot tell.
Topology::Progress Cluster::take(const Reply &reply)
{
    SlotMap slots;

    for (const Reply &element : reply.elements) {
        const auto range = parse_range(element);
        if (!range || !slots.assign(range->first, range->last, range->master)) {
            return Progress::useless;
        }
    }
    if (slots.empty()) {
        return Progress::useless;
    }
    if (slots == slots_) {
        return Progress::same;
    }
    slots_ = slots;
    return Progress::changed;
}

bool Cluster::move(const Redirection &redirection)
{
    const Endpoint *owner = slots_.find(redirection.slot);
    if (owner != nullptr && *owner == redirection.endpoint) {
        return false;
    }
    return slots_.assign(redirection.slot, redirection.slot,
                         redirection.endpoint);
}

} // namespace edge::redis
