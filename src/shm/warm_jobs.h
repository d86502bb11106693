// The last warm-ups of an instance and how far they are: whoever is asked may
// be another worker than the one that runs them.
//
// A view of shared memory, cheap to copy. Callers hold the zone's lock. Of
// what is in a row nothing depends on anything else, so a holder that dies
// leaves nothing to repair.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/time.h"
#include "cache/reason.h"
#include "shm/owners.h"

namespace edge::shm {

struct WarmJob
{
    enum class State : std::uint8_t
    {
        running,
        done,
        stopped // its worker has ended before it
    };

    std::uint64_t id = 0; // 0: none
    // What names its list where that is run once; 0: it has none.
    std::uint64_t list = 0;
    BootTime begun{};
    BootTime ended{}; // unless it is running
    std::uint32_t urls = 0;
    std::uint32_t stored = 0;
    // Were there, and fresh.
    std::uint32_t found = 0;
    State state = State::running;
    OwnerSlot owner{};
    // By why nothing was stored.
    std::array<std::uint32_t, cache::kReasons> failed{};

    std::uint32_t failures() const;
    std::uint32_t left() const { return urls - stored - found - failures(); }
};

class WarmJobs
{
public:
    static constexpr std::size_t kRows = 16;
    // At a time.
    static constexpr std::size_t kRunning = 4;
    using Table = std::array<WarmJob, kRows>;

    // Of zeroed memory.
    explicit WarmJobs(Table *table) : table_(table) {}

    // In the place of the one that ended first. False: so many are running.
    bool begin(const WarmJob &job);
    // Of either, the newest one; null: it is not known, or not any more.
    WarmJob *find(std::uint64_t id);
    const WarmJob *find_list(std::uint64_t list) const;
    void end(WarmJob &job, WarmJob::State state, BootTime now);
    void stop_all_of(OwnerSlot owner, BootTime now);

    const Table &table() const { return *table_; }

private:
    Table *table_;
};

} // namespace edge::shm
