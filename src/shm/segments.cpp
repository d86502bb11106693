#include "shm/segments.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace edge::shm {

namespace {

constexpr std::array kAll = {Segment::probation, Segment::main,
                             Segment::negative};

// Where a tenant can be.
constexpr std::uint32_t kPlaces = 8;

std::uint64_t percent_of(std::uint64_t blocks, std::uint32_t percent)
{
    return blocks * percent / 100;
}

} // namespace

void Segments::clear()
{
    for (Part &part : state_->parts) {
        part.queue = Sieve::kEmpty;
        part.blocks = 0;
        part.over = 0;
    }
    for (Tenant &tenant : tenants_) {
        tenant.holdings.fill({Sieve::kEmpty, 0});
    }
}

bool Segments::has_nothing(const Tenant &tenant) const
{
    return std::ranges::all_of(tenant.holdings, [](const Holding &holding) {
        return holding.queue.count == 0;
    });
}

std::uint32_t Segments::place_of(std::uint64_t name)
{
    const auto first = static_cast<std::uint32_t>(name % tenants());
    for (std::uint32_t i = 0; i < std::min(kPlaces, tenants()); i++) {
        const std::uint32_t place = (first + i) % tenants();
        if (tenants_[place].name == name) {
            return place;
        }
    }
    for (std::uint32_t i = 0; i < std::min(kPlaces, tenants()); i++) {
        const std::uint32_t place = (first + i) % tenants();
        if (has_nothing(tenants_[place])) {
            tenants_[place].name = name;
            return place;
        }
    }
    return first;
}

void Segments::set_shares(const Shares &shares)
{
    state_->shares = shares;
    part(Segment::probation).limit = percent_of(blocks_, kProbationPercent);
    part(Segment::main).limit = blocks_;
    part(Segment::negative).limit = percent_of(blocks_, shares.negative);
    for (const Segment segment : kAll) {
        Part &part = this->part(segment);
        part.share = shares.tenant < 100
                         ? percent_of(part.limit, shares.tenant)
                         : std::numeric_limits<std::uint64_t>::max();
        part.over = 0;
        for (std::uint32_t tenant = 0; tenant < tenants(); tenant++) {
            part.over += is_over(tenant, segment) ? 1 : 0;
        }
    }
}

std::uint32_t Segments::count() const
{
    std::uint32_t count = 0;
    for (const Part &part : state_->parts) {
        count += part.queue.count;
    }
    return count;
}

Sieve Segments::queue(Segment segment)
{
    return {&part(segment).queue, nodes_, &Node::in_segment};
}

Sieve Segments::queue(std::uint32_t tenant, Segment segment) const
{
    return {&holding(tenant, segment).queue, nodes_, &Node::in_holding};
}

bool Segments::is_over(std::uint32_t tenant, Segment segment) const
{
    return holding(tenant, segment).blocks > part(segment).share;
}

void Segments::insert(Block block)
{
    Node &node = nodes_[block];
    node.visited = 0;
    queue(node.segment).insert(block);
    queue(node.tenant, node.segment).insert(block);

    const bool was_over = is_over(node.tenant, node.segment);
    const auto blocks = static_cast<std::uint32_t>(node.blocks());
    part(node.segment).blocks += blocks;
    holding(node.tenant, node.segment).blocks += blocks;
    part(node.segment).over +=
        !was_over && is_over(node.tenant, node.segment) ? 1 : 0;
}

void Segments::erase(Block block)
{
    const Node &node = nodes_[block];
    queue(node.segment).erase(block);
    queue(node.tenant, node.segment).erase(block);

    const bool was_over = is_over(node.tenant, node.segment);
    const auto blocks = static_cast<std::uint32_t>(node.blocks());
    part(node.segment).blocks -= blocks;
    holding(node.tenant, node.segment).blocks -= blocks;
    part(node.segment).over -=
        was_over && !is_over(node.tenant, node.segment) ? 1 : 0;
}

// Errors beyond their share, then what is on probation beyond the tenth, then
// what is in use. Where all of that is pinned, what is on probation after all.
Segment Segments::crowded(std::uint64_t in_vain) const
{
    const Part &negative = part(Segment::negative);
    const Part &probation = part(Segment::probation);
    const Part &main = part(Segment::main);
    if (negative.blocks > negative.limit) {
        return Segment::negative;
    }
    if (probation.blocks > probation.limit) {
        return Segment::probation;
    }
    if (main.queue.count > 0 && in_vain <= 2ull * main.queue.count) {
        return Segment::main;
    }
    if (probation.queue.count > 0) {
        return Segment::probation;
    }
    return negative.queue.count > 0 ? Segment::negative : Segment::main;
}

Block Segments::next_if_expired(Segment segment, BootTime now)
{
    const Block block = queue(segment).step();
    const bool is_free = block != kNone && nodes_[block].pins == 0 &&
                         nodes_[block].expired(now);
    return is_free ? block : kNone;
}

Block Segments::step(std::uint32_t tenant, BootTime now, std::uint64_t in_vain)
{
    const Segment segment = crowded(in_vain);
    const bool by_share = is_over(tenant, segment);
    if (by_share) {
        const Block expired = next_if_expired(segment, now);
        if (expired != kNone) {
            return expired;
        }
    }
    const Block block =
        (by_share ? queue(tenant, segment) : queue(segment)).step();
    if (block == kNone) {
        return kNone;
    }
    Node &node = nodes_[block];
    const bool visited = std::exchange(node.visited, std::uint8_t{0}) != 0;
    const bool expired = node.expired(now);
    if (node.pins > 0 || (visited && !expired)) {
        // What is pinned is in use, and would only be in the way.
        if (segment == Segment::probation || node.pins > 0) {
            promote(block);
        }
        return kNone;
    }
    if (!expired) {
        part(segment).evicted++;
        state_->evicted_by_share += by_share ? 1 : 0;
    }
    return block;
}

void Segments::promote(Block block)
{
    Node &node = nodes_[block];
    if (node.segment == Segment::main) {
        return;
    }
    erase(block);
    node.segment = Segment::main;
    insert(block);
    state_->promoted++;
}

bool Segments::check() const
{
    return std::ranges::all_of(
        kAll, [this](Segment segment) { return check_counts(segment); });
}

bool Segments::check_counts(Segment segment) const
{
    Part copy = part(segment);
    if (!Sieve(&copy.queue, nodes_, &Node::in_segment).check()) {
        return false;
    }
    std::uint64_t count = 0;
    std::uint64_t blocks = 0;
    std::uint32_t over = 0;
    for (std::uint32_t tenant = 0; tenant < tenants(); tenant++) {
        if (!queue(tenant, segment).check()) {
            return false;
        }
        count += holding(tenant, segment).queue.count;
        over += is_over(tenant, segment) ? 1 : 0;
        std::uint64_t held = 0;
        for (Block block = holding(tenant, segment).queue.oldest;
             block != kNone; block = nodes_[block].in_holding.newer) {
            const Node &node = nodes_[block];
            if (node.segment != segment || node.tenant != tenant) {
                return false;
            }
            held += node.blocks();
        }
        if (held != holding(tenant, segment).blocks) {
            return false;
        }
        blocks += held;
    }
    return count == copy.queue.count && blocks == copy.blocks &&
           over == copy.over;
}

} // namespace edge::shm
