#include "shm/fetch_counts.h"

#include <algorithm>
#include <limits>
#include <type_traits>
#include <utility>

namespace edge::shm {

static_assert(std::is_trivially_copyable_v<FetchCounts::Table>);

namespace {

std::uint16_t &count_of(FetchCounts::Group &group, OwnerSlot owner)
{
    return group.of_owner[static_cast<std::size_t>(owner)];
}

} // namespace

std::size_t FetchCounts::claim(std::string_view name,
                               std::span<const std::string_view> names)
{
    const auto known = std::ranges::find(*table_, name, &Group::label);
    if (known != table_->end()) {
        return static_cast<std::size_t>(known - table_->begin());
    }
    const auto unwanted =
        std::ranges::find_if(*table_, [&](const Group &group) {
            return std::ranges::find(names, group.label()) == names.end();
        });
    if (unwanted == table_->end()) {
        return 0;
    }
    *unwanted = Group{};
    std::ranges::copy(name, unwanted->name.begin());
    return static_cast<std::size_t>(unwanted - table_->begin());
}

bool FetchCounts::take(std::size_t index, OwnerSlot owner, std::uint32_t limit)
{
    Group &group = (*table_)[index];
    std::uint16_t &own = count_of(group, owner);
    if (group.running >= limit ||
        own == std::numeric_limits<std::uint16_t>::max()) {
        return false;
    }
    own++;
    group.running++;
    return true;
}

// After a recovery more may end than are known.
WorkerSet FetchCounts::give_back(std::size_t index, OwnerSlot owner)
{
    Group &group = (*table_)[index];
    std::uint16_t &own = count_of(group, owner);
    if (own == 0) {
        return {};
    }
    own--;
    group.running--;
    return std::exchange(group.waiting, {});
}

void FetchCounts::wait(std::size_t index, std::size_t worker)
{
    (*table_)[index].waiting.add(worker);
}

WorkerSet FetchCounts::release_all_of(OwnerSlot owner)
{
    WorkerSet waiting;
    for (Group &group : *table_) {
        const std::uint16_t held = std::exchange(count_of(group, owner), 0);
        group.running -= held;
        if (held != 0) {
            waiting.add(std::exchange(group.waiting, {}));
        }
    }
    return waiting;
}

void FetchCounts::recover()
{
    for (Group &group : *table_) {
        group.running = 0;
        group.of_owner = {};
    }
}

} // namespace edge::shm
