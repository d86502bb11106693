// What is known of warm-ups.
#include <algorithm>

#include "ngx/clock.h"
#include "ngx/random.h"
#include "tier/zone.h"

namespace edge::tier {

using shm::WarmJob;

std::optional<std::uint64_t> Zone::begin_warm(std::uint64_t list,
                                              std::size_t urls)
{
    WarmJob job;
    job.id = ngx::random_number() | 1;
    job.list = list;
    job.begun = ngx::boot_now();
    job.urls = static_cast<std::uint32_t>(urls);

    const Lock lock(*this);
    const auto slot = owner();
    if (!slot) {
        return std::nullopt;
    }
    job.owner = *slot;
    const WarmJob *known = list == 0 ? nullptr : warm_jobs_->find_list(list);
    const bool is_begun =
        known != nullptr && known->state != WarmJob::State::stopped;
    return !is_begun && warm_jobs_->begin(job) ? std::optional(job.id)
                                               : std::nullopt;
}

void Zone::note_warmed(std::uint64_t id, Warmed what, cache::Reason why)
{
    const Lock lock(*this);
    WarmJob *job = warm_jobs_->find(id);
    if (job == nullptr) {
        return;
    }
    switch (what) {
    case Warmed::stored:
        job->stored++;
        break;
    case Warmed::found:
        job->found++;
        break;
    case Warmed::failed:
        job->failed[static_cast<std::size_t>(why)]++;
        break;
    }
}

void Zone::end_warm(std::uint64_t id, WarmJob::State state)
{
    const Lock lock(*this);
    if (WarmJob *job = warm_jobs_->find(id)) {
        warm_jobs_->end(*job, state, ngx::boot_now());
    }
}

std::optional<WarmJob> Zone::warm_job(std::uint64_t id)
{
    const Lock lock(*this);
    const WarmJob *job = warm_jobs_->find(id);
    return job == nullptr ? std::nullopt : std::optional(*job);
}

std::optional<WarmJob> Zone::warm_job_of(std::uint64_t list)
{
    const Lock lock(*this);
    const WarmJob *job = warm_jobs_->find_list(list);
    return job == nullptr ? std::nullopt : std::optional(*job);
}

std::vector<WarmJob> Zone::warm_jobs()
{
    std::vector<WarmJob> jobs;
    {
        const Lock lock(*this);
        std::ranges::copy_if(warm_jobs_->table(), std::back_inserter(jobs),
                             [](const WarmJob &job) { return job.id != 0; });
    }
    std::ranges::sort(jobs, std::ranges::greater(), &WarmJob::begun);
    return jobs;
}

} // namespace edge::tier
