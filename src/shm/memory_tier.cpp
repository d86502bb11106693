#include "shm/memory_tier.h"

#include <algorithm>
#include <array>
#include <new>

#include "shm/memory_tier_layout.h"

namespace edge::shm {

std::optional<OwnerSlot> MemoryTier::claim_owner(std::uint32_t pid,
                                                 std::uint64_t start)
{
    return owners_.claim(pid, start);
}

void MemoryTier::release_owner(OwnerSlot slot, const Owner &owner)
{
    if (owners_.at(slot) != owner) {
        return;
    }
    for (std::uint32_t i = 0; i < pins_.size(); i++) {
        const std::optional<Pin> held = pins_.at(i);
        if (held && held->owner == slot) {
            unpin(*held);
        }
    }
    owners_.release(slot);
}

std::variant<PinnedObject, Absent>
MemoryTier::find(const Hash128 &hash, OwnerSlot owner, BootTime now)
{
    const Block block = index_.find(hash);
    if (block == kNone) {
        return Absent::missing;
    }
    Node &node = nodes_[block];
    if (node.expired(now)) {
        header_->expired++;
        retire(block);
        return Absent::missing;
    }
    if (pins_.available() == 0) {
        return Absent::no_pin;
    }
    node.visited = 1;
    node.count_use();
    return PinnedObject(nodes_, pin(block, owner));
}

std::variant<PinnedObject, Absent>
MemoryTier::peek(const Hash128 &hash, OwnerSlot owner, BootTime now)
{
    const Block block = index_.find(hash);
    if (block == kNone || nodes_[block].expired(now)) {
        return Absent::missing;
    }
    if (pins_.available() == 0) {
        return Absent::no_pin;
    }
    return PinnedObject(nodes_, pin(block, owner));
}

std::optional<PinnedObject> MemoryTier::share(const Pin &held, OwnerSlot owner)
{
    if (!pins_.holds(held) || pins_.available() == 0) {
        return std::nullopt;
    }
    return PinnedObject(nodes_, pin(held.node, owner));
}

Pin MemoryTier::pin(Block block, OwnerSlot owner)
{
    Node &node = nodes_[block];
    if (node.pins++ == 0) {
        header_->pinned_objects++;
        header_->pinned_blocks += node.blocks();
    }
    return pins_.take(owner, block);
}

void MemoryTier::unpin(const Pin &pin)
{
    if (!pins_.drop(pin)) {
        return;
    }
    Node &node = nodes_[pin.node];
    if (--node.pins > 0) {
        return;
    }
    header_->pinned_objects--;
    header_->pinned_blocks -= node.blocks();
    if (node.state != NodeState::linked) {
        free_node(pin.node);
    }
}

std::variant<Reservation, Refused>
MemoryTier::reserve(const ObjectSpec &spec, OwnerSlot owner, BootTime now)
{
    if (is_too_large(spec.head_size, spec.body_size)) {
        return Refused::full;
    }
    if (pins_.available() == 0) {
        return Refused::no_pin;
    }
    const Demand demand = demand_of(spec);
    const std::uint32_t tenant = place_of(spec.tenant);
    if (const auto refused = make_room(demand, tenant, now)) {
        return *refused;
    }
    return Reservation(nodes_, pin(place(spec, demand, tenant), owner));
}

std::uint32_t MemoryTier::place_of(std::uint64_t tenant)
{
    const std::string_view bytes(reinterpret_cast<const char *>(&tenant),
                                 sizeof(tenant));
    return segments_.place_of(hash64(bytes, header_->seed));
}

MemoryTier::Demand MemoryTier::demand_of(std::size_t head_size,
                                         std::size_t body_size)
{
    const std::size_t offset = Node::head_offset(Node::kMaxExtents);
    return {
        blocks_for(Node::head_offset(1) + head_size + body_size),
        blocks_for(offset + head_size + body_size),
        blocks_for(offset + head_size),
    };
}

MemoryTier::Demand MemoryTier::demand_of(const ObjectSpec &spec)
{
    Demand demand = demand_of(spec.head_size, spec.body_size);
    if (spec.grows) {
        demand.whole = demand.split;
    }
    return demand;
}

bool MemoryTier::fits_in_one(const Demand &demand) const
{
    return arena_.has_run(demand.whole);
}

bool MemoryTier::fits_in_several(const Demand &demand) const
{
    const unsigned extents = arena_.extents_for(demand.split, demand.first);
    return extents > 0 && extents <= demand.extents;
}

bool MemoryTier::has_room(std::size_t head_size, std::size_t body_size) const
{
    if (is_too_large(head_size, body_size)) {
        return false;
    }
    const Demand demand = demand_of(head_size, body_size);
    return demand.whole <= arena_.free() &&
           (fits_in_one(demand) || fits_in_several(demand));
}

std::optional<Refused> MemoryTier::make_room(const Demand &demand,
                                             std::uint32_t tenant, BootTime now)
{
    unsigned steps = kMaxSteps;
    unsigned evictions = kMaxEvictions;
    while (!fits_in_one(demand) && !fits_in_several(demand)) {
        if (evictions-- == 0) {
            return Refused::again;
        }
        const Block block = next_victim(tenant, now, steps);
        if (block == kNone) {
            return steps == 0 ? Refused::again : Refused::full;
        }
        evict(block, now);
    }
    return std::nullopt;
}

// Once round takes all the bits away, twice round finds an object.
Block MemoryTier::next_victim(std::uint32_t tenant, BootTime now,
                              unsigned &steps)
{
    const std::uint64_t most = std::uint64_t{2} * segments_.count();
    for (std::uint64_t in_vain = 0; in_vain <= most && steps > 0; in_vain++) {
        steps--;
        const Block block = segments_.step(tenant, now, in_vain);
        if (block != kNone) {
            return block;
        }
    }
    return kNone;
}

void MemoryTier::evict(Block block, BootTime now)
{
    if (nodes_[block].expired(now)) {
        header_->expired++;
    } else {
        header_->evicted_capacity++;
    }
    retire(block);
}

// The object is complete before pin() makes it survive a recovery.
Block MemoryTier::place(const ObjectSpec &spec, const Demand &demand,
                        std::uint32_t tenant)
{
    std::array<Extent, Node::kMaxExtents> extents;
    std::uint8_t count = 0;
    std::uint32_t left = fits_in_one(demand) ? demand.whole : demand.split;
    while (left > 0) {
        extents[count] = arena_.take(left);
        left -= extents[count++].count;
    }
    Node *node = new (&nodes_[extents[0].first]) Node{
        .mark = spec.grows ? Node::kGrowingMark : Node::kMark,
        .state = NodeState::reserved,
        .visited = 0,
        .segment = spec.is_negative ? Segment::negative : Segment::probation,
        .extent_count = count,
        .pins = 0,
        .chain_next = kNone,
        .hash = spec.hash,
        .expires = spec.expires.time_since_epoch().count(),
        .checked = spec.checked,
        .held_down = 0,
        .head_size = static_cast<std::uint32_t>(spec.head_size),
        .body_size =
            spec.grows ? 0 : static_cast<std::uint32_t>(spec.body_size),
        .in_segment = {kNone, kNone},
        .in_holding = {kNone, kNone},
        .resource = spec.resource,
        .variant_next = kNone,
        .variant_previous = kNone,
        .tenant = static_cast<std::uint16_t>(tenant),
        .uses = spec.is_counted ? std::uint16_t{0} : Node::kUncounted,
        .arrived = 0,
    };
    node->set_extents(extents.data());
    return extents[0].first;
}

bool MemoryTier::publish(const Pin &pin)
{
    if (!pins_.holds(pin) || nodes_[pin.node].state != NodeState::reserved) {
        return false;
    }
    Node &node = nodes_[pin.node];
    if (node.segment == Segment::probation && is_known(node)) {
        node.segment = Segment::main;
        header_->readmitted++;
    }
    if (const Block older = index_.find(node.hash); older != kNone) {
        node.uses = std::max(node.uses, nodes_[older].uses);
        retire(older);
    }
    if (node.is_variant()) {
        limit_variants(node.resource);
    }
    node.state = NodeState::linked;
    index_.insert(pin.node);
    segments_.insert(pin.node);
    return true;
}

// It was here lately, or what it replaces has proved itself.
bool MemoryTier::is_known(const Node &node) const
{
    const Block older = index_.find(node.hash);
    return older == kNone ? ghosts_.contains(node.hash)
                          : nodes_[older].visited != 0 ||
                                nodes_[older].segment == Segment::main;
}

void MemoryTier::limit_variants(const Hash128 &resource)
{
    std::uint32_t count = 0;
    Block oldest = kNone;
    for (Block block = index_.first_variant(resource); block != kNone;
         block = index_.next_variant(block)) {
        oldest = block;
        count++;
    }
    if (count >= header_->max_variants) {
        header_->evicted_variants++;
        retire(oldest);
    }
}

bool MemoryTier::remove(const Hash128 &hash)
{
    const Block block = index_.find(hash);
    if (block == kNone) {
        return false;
    }
    retire(block);
    return true;
}

std::size_t MemoryTier::remove_resource(const Hash128 &resource)
{
    std::size_t removed = remove(resource) ? 1 : 0;
    for (Block block = index_.first_variant(resource); block != kNone;
         block = index_.first_variant(resource)) {
        retire(block);
        removed++;
    }
    return removed;
}

void MemoryTier::retire(Block block)
{
    Node &node = nodes_[block];
    index_.erase(block);
    segments_.erase(block);
    if (node.segment != Segment::negative) {
        ghosts_.add(node.hash);
    }
    node.state = NodeState::dead;
    if (node.pins == 0) {
        free_node(block);
    }
}

// The extents are listed in the memory that is given back: copied first.
void MemoryTier::free_node(Block block)
{
    Node &node = nodes_[block];
    std::array<Extent, Node::kMaxExtents> extents;
    const std::size_t count = node.extents().size();
    std::ranges::copy(node.extents(), extents.begin());
    node.mark = 0;
    for (std::size_t i = 0; i < count; i++) {
        arena_.give(extents[i]);
    }
}

void MemoryTier::set_shares(const Shares &shares)
{
    if (shares != segments_.shares()) {
        segments_.set_shares(shares);
    }
}

MemoryTierStats MemoryTier::stats() const
{
    MemoryTierStats stats;
    stats.objects = segments_.count();
    stats.bytes = std::uint64_t{arena_.blocks() - arena_.free()} * kBlockSize;
    stats.capacity = std::uint64_t{arena_.blocks()} * kBlockSize;
    stats.pinned_objects = header_->pinned_objects;
    stats.pinned_bytes = header_->pinned_blocks * kBlockSize;
    stats.free_pins = pins_.available();
    stats.evicted_capacity = header_->evicted_capacity;
    stats.evicted_variants = header_->evicted_variants;
    stats.expired = header_->expired;
    stats.swept = header_->swept;
    for (std::size_t i = 0; i < kSegments; i++) {
        const Segments::Part &part = segments_.part(static_cast<Segment>(i));
        stats.segments[i] = {part.queue.count, part.blocks * kBlockSize,
                             part.evicted, part.over};
    }
    stats.evicted_by_share = segments_.evicted_by_share();
    stats.promoted = segments_.promoted();
    stats.readmitted = header_->readmitted;
    return stats;
}

} // namespace edge::shm
