// How many fetches of each group are under way in an instance, and whose they
// are: those of a process that has died are taken back.
//
// A view of shared memory, cheap to copy. Callers hold the zone's lock. Groups
// are claimed by name and kept over reloads.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/worker_set.h"
#include "shm/owners.h"

namespace edge::shm {

class FetchCounts
{
public:
    static constexpr std::size_t kGroups = 16;
    static constexpr std::size_t kMaxName = 63;
    static constexpr std::uint32_t kMaxLimit = 65535;

    struct Group
    {
        std::array<char, kMaxName + 1> name{};
        std::uint32_t running = 0;
        WorkerSet waiting;
        std::array<std::uint16_t, Owners::kSlots> of_owner{};

        std::string_view label() const { return name.data(); }
    };
    using Table = std::array<Group, kGroups>;

    // Of zeroed memory.
    explicit FetchCounts(Table *table) : table_(table) {}

    // Of one of `names`, at most kGroups different ones of 1 to kMaxName
    // bytes: what is not among them makes room.
    std::size_t claim(std::string_view name,
                      std::span<const std::string_view> names);

    // False: `limit` are under way.
    bool take(std::size_t group, OwnerSlot owner, std::uint32_t limit);
    // Who is to be told, once.
    WorkerSet give_back(std::size_t group, OwnerSlot owner);
    // That worker is to be told of the next end.
    void wait(std::size_t group, std::size_t worker);
    WorkerSet release_all_of(OwnerSlot owner);

    const Group &at(std::size_t group) const { return (*table_)[group]; }

    // Nothing is under way, as far as is known.
    void recover();

private:
    Table *table_;
};

} // namespace edge::shm
