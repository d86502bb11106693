// What one worker process has for itself.
#pragma once

#include <cstdint>

#include "base/time.h"
#include "ngx/nginx.h"
#include "ngx/timer.h"

namespace edge::tier {

// Bounds the memory of unfinished fills (edge_cache_fill_memory).
class FillBudget
{
public:
    explicit FillBudget(std::uint64_t bytes) : left_(bytes) {}

    bool take(std::uint64_t bytes)
    {
        if (bytes > left_) {
            return false;
        }
        left_ -= bytes;
        return true;
    }
    void give_back(std::uint64_t bytes) { left_ += bytes; }

private:
    std::uint64_t left_;
};

// This process as an owner in the zones: pids are used again, together with
// the start time (field 22 of /proc/<pid>/stat) they are not.
struct Process
{
    std::uint32_t pid = 0;
    std::uint64_t start = 0;

    friend bool operator==(const Process &, const Process &) = default;
};

Process this_process();
bool is_alive(const Process &process);

} // namespace edge::tier
