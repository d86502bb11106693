#include "shm/object.h"

#include <algorithm>
#include <atomic>
#include <utility>

namespace edge::shm {

namespace {

// Node::held_down: until when, and for which kinds, one bit each.
struct HoldDown
{
    std::uint64_t until; // BootTime
    unsigned kinds;

    static HoldDown read(std::uint64_t &word)
    {
        const std::uint64_t value =
            std::atomic_ref(word).load(std::memory_order_relaxed);
        return {value >> PinnedObject::kKinds,
                static_cast<unsigned>(value) %
                    (1u << PinnedObject::kKinds)};
    }
    void write(std::uint64_t &word) const
    {
        std::atomic_ref(word).store(until << PinnedObject::kKinds | kinds,
                                    std::memory_order_relaxed);
    }
};

std::uint64_t millis_of(BootTime time)
{
    return static_cast<std::uint64_t>(time.time_since_epoch().count());
}

} // namespace

template <typename View>
Pieces<View>::Pieces(Nodes nodes, Node &node, std::size_t size)
    : nodes_(nodes), extent_(node.extents().data()),
      offset_(node.body_offset()), left_(size)
{
}

// The last extent of what has grown may become shorter meanwhile: behind what
// is there.
template <typename View> std::optional<View> Pieces<View>::next()
{
    while (left_ > 0) {
        const std::size_t end =
            std::atomic_ref(extent_->count).load(std::memory_order_relaxed) *
            kBlockSize;
        if (offset_ == end) {
            extent_++;
            offset_ = 0;
            continue;
        }
        const std::size_t size = std::min(end - offset_, left_);
        const std::size_t start = std::exchange(offset_, offset_ + size);
        left_ -= size;
        return View(reinterpret_cast<char *>(&nodes_[extent_->first]) + start,
                    size);
    }
    return std::nullopt;
}

template class Pieces<std::string_view>;
template class Pieces<std::span<char>>;

std::string_view head_of(const Node &node)
{
    return {reinterpret_cast<const char *>(&node) + node.head_offset(),
            node.head_size};
}

std::string_view PinnedObject::head() const
{
    return head_of(node());
}

std::optional<Arrived> PinnedObject::arrived() const
{
    const std::uint32_t word =
        std::atomic_ref(node().arrived).load(std::memory_order_acquire);
    if (word == Node::kBroken) {
        return std::nullopt;
    }
    return Arrived{word & ~Node::kWhole, (word & Node::kWhole) != 0};
}

std::uint64_t PinnedObject::checked() const
{
    return std::atomic_ref(node().checked).load(std::memory_order_relaxed);
}

void PinnedObject::set_checked(std::uint64_t generation) const
{
    std::atomic_ref(node().checked)
        .store(generation, std::memory_order_relaxed);
}

bool PinnedObject::is_held_down(unsigned kind, BootTime now) const
{
    const HoldDown held = HoldDown::read(node().held_down);
    return held.until > millis_of(now) && (held.kinds >> kind & 1) != 0;
}

void PinnedObject::hold_down(unsigned kind, BootTime now, BootTime until) const
{
    const HoldDown held = HoldDown::read(node().held_down);
    const unsigned others = held.until > millis_of(now) ? held.kinds : 0;
    HoldDown{millis_of(until), others | 1u << kind}.write(node().held_down);
}

Pieces<std::span<char>> Reservation::body() const
{
    return {nodes_, node(), grows() ? node().room() : node().body_size};
}

void Reservation::set_arrived(const Arrived &arrived) const
{
    std::atomic_ref(node().arrived)
        .store(static_cast<std::uint32_t>(arrived.size) |
                   (arrived.is_all ? Node::kWhole : 0),
               std::memory_order_release);
}

void Reservation::break_off() const
{
    std::atomic_ref(node().arrived)
        .store(Node::kBroken, std::memory_order_release);
}

std::span<char> Reservation::head() const
{
    return {reinterpret_cast<char *>(&node()) + node().head_offset(),
            node().head_size};
}

} // namespace edge::shm
