// Who holds something in the zone: one slot per worker process, of either
// generation of workers. A pid alone is no identity, pids are used again; with
// the process's start time it is.
//
// A view of shared memory; callers hold the lock.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace edge::shm {

enum class OwnerSlot : std::uint8_t
{
};

// pid 0: nobody. `start`: field 22 of /proc/<pid>/stat.
struct Owner
{
    std::uint64_t start = 0;
    std::uint32_t pid = 0;
    std::uint32_t reserved = 0;

    friend bool operator==(const Owner &, const Owner &) = default;
};

class Owners
{
public:
    static constexpr std::size_t kSlots = 256;
    using Table = std::array<Owner, kSlots>;

    explicit Owners(Table *table) : table_(table) {}

    // The owner's slot, its old one if it has one; nullopt when all are taken.
    std::optional<OwnerSlot> claim(std::uint32_t pid, std::uint64_t start);
    void release(OwnerSlot slot);

    const Owner &at(OwnerSlot slot) const;
    bool claimed(OwnerSlot slot) const { return at(slot).pid != 0; }
    const Table &table() const { return *table_; }

private:
    Table *table_;
};

} // namespace edge::shm
