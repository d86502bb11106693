#include "shm/warm_jobs.h"

#include <algorithm>
#include <numeric>
#include <type_traits>

namespace edge::shm {

static_assert(std::is_trivially_copyable_v<WarmJob>);

namespace {

bool is_running(const WarmJob &job)
{
    return job.id != 0 && job.state == WarmJob::State::running;
}

} // namespace

std::uint32_t WarmJob::failures() const
{
    return std::accumulate(failed.begin(), failed.end(), std::uint32_t{0});
}

bool WarmJobs::begin(const WarmJob &job)
{
    static_assert(kRunning < kRows);
    const auto running = std::ranges::count_if(*table_, is_running);
    if (static_cast<std::size_t>(running) >= kRunning) {
        return false;
    }
    const auto oldest = std::ranges::min_element(
        *table_, [](const WarmJob &a, const WarmJob &b) {
            return is_running(a) != is_running(b) ? is_running(b)
                                                  : a.ended < b.ended;
        });
    *oldest = job;
    return true;
}

WarmJob *WarmJobs::find(std::uint64_t id)
{
    const auto found = std::ranges::find(*table_, id, &WarmJob::id);
    return id == 0 || found == table_->end() ? nullptr : &*found;
}

const WarmJob *WarmJobs::find_list(std::uint64_t list) const
{
    const WarmJob *newest = nullptr;
    for (const WarmJob &job : *table_) {
        if (job.id != 0 && job.list == list &&
            (newest == nullptr || job.begun > newest->begun)) {
            newest = &job;
        }
    }
    return newest;
}

void WarmJobs::end(WarmJob &job, WarmJob::State state, BootTime now)
{
    job.state = state;
    job.ended = now;
}

void WarmJobs::stop_all_of(OwnerSlot owner, BootTime now)
{
    for (WarmJob &job : *table_) {
        if (is_running(job) && job.owner == owner) {
            end(job, WarmJob::State::stopped, now);
        }
    }
}

} // namespace edge::shm
