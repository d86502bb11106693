#include "shm/memory_tier_layout.h"

#include <algorithm>
#include <atomic>
#include <type_traits>

namespace edge::shm {

namespace {

constexpr std::uint64_t kMagic = 0x6d656d2d65676465;
constexpr std::uint32_t kVersion = 6;

// Cuts arrays off the front of the zone; their types need no construction.
class Carver
{
public:
    explicit Carver(std::span<std::byte> zone)
        : at_(zone.data()), end_(zone.data() + zone.size())
    {
    }

    template <typename T> std::span<T> carve(std::size_t count)
    {
        static_assert(std::is_trivial_v<T> || std::is_aggregate_v<T>);
        align(alignof(T));
        T *array = reinterpret_cast<T *>(at_);
        at_ += count * sizeof(T);
        return {array, count};
    }

    std::byte *align(std::size_t alignment)
    {
        const auto address = reinterpret_cast<std::uintptr_t>(at_);
        at_ += (alignment - address % alignment) % alignment;
        return at_;
    }

    std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }

private:
    std::byte *at_;
    std::byte *end_;
};

bool usable(std::span<std::byte> zone)
{
    return zone.size() >= MemoryTier::kMinimumSize &&
           zone.size() / kBlockSize < kNone &&
           reinterpret_cast<std::uintptr_t>(zone.data()) % kBlockSize == 0;
}

} // namespace

MemoryTier::Layout::Layout(std::span<std::byte> zone)
{
    Carver carver(zone);
    const std::size_t pins =
        std::clamp<std::size_t>(zone.size() / 8192, 1024, 65536);
    header = carver.carve<Header>(1).data();
    owners = carver.carve<Owners::Table>(1).data();
    pin_words = carver.carve<std::uint64_t>(pins);
    pin_stack = carver.carve<std::uint32_t>(pins);
    buckets = carver.carve<Index::Bucket>(zone.size() / 1024);
    tenants = carver.carve<Segments::Tenant>(
        std::clamp<std::size_t>(zone.size() / 8192, 16, 4096));
    // One name for each KB.
    ghosts = carver.carve<Ghosts::Set>(zone.size() / 256 / sizeof(Ghosts::Set));
    // Of each block: 128 bytes and a mark. One less for the alignment.
    marks = carver.carve<std::uint8_t>(carver.left() / (kBlockSize + 1) - 1);
    blocks = carver.align(kBlockSize);
}

MemoryTier::MemoryTier(const Layout &layout)
    : header_(layout.header), owners_(layout.owners),
      pins_(&layout.header->available_pins, layout.pin_words, layout.pin_stack),
      arena_(&layout.header->arena, layout.marks, layout.blocks),
      nodes_(layout.blocks),
      index_(layout.buckets, layout.header->seed, nodes_),
      segments_(&layout.header->segments, layout.tenants, arena_.blocks(),
                nodes_),
      ghosts_(layout.ghosts)
{
}

bool MemoryTier::format(std::span<std::byte> zone,
                        const MemoryTierConfig &config)
{
    if (!usable(zone)) {
        return false;
    }
    const Layout layout(zone);
    *layout.header = {};
    layout.header->version = kVersion;
    layout.header->max_variants = std::max(config.max_variants, 1u);
    layout.header->size = zone.size();
    layout.header->seed = config.seed;
    layout.owners->fill({});
    std::ranges::fill(layout.pin_words, std::uint64_t{0});
    std::ranges::fill(layout.ghosts, Ghosts::Set{});
    std::ranges::fill(layout.tenants, Segments::Tenant{});
    MemoryTier tier(layout);
    tier.rebuild();
    tier.segments_.set_shares({});
    // Last: what is half made is not attached to.
    std::atomic_ref(layout.header->magic)
        .store(kMagic, std::memory_order_release);
    return true;
}

std::optional<MemoryTier> MemoryTier::attach(std::span<std::byte> zone)
{
    if (!usable(zone)) {
        return std::nullopt;
    }
    const Layout layout(zone);
    const Header &header = *layout.header;
    if (header.magic != kMagic || header.version != kVersion ||
        header.size != zone.size()) {
        return std::nullopt;
    }
    return MemoryTier(layout);
}

// Half of the zone: one object does not push out all others. Sizes are stored
// in 31 bits.
std::size_t MemoryTier::largest_object() const
{
    const std::size_t half = arena_.blocks() * kBlockSize / 2;
    return std::min<std::size_t>(half - Node::head_offset(Node::kMaxExtents),
                                 Node::kWhole - 1);
}

bool MemoryTier::is_too_large(std::size_t head_size,
                              std::size_t body_size) const
{
    const std::size_t largest = largest_object();
    return head_size > largest || body_size > largest - head_size;
}

} // namespace edge::shm
