#include "flow/warmer.h"

#include <list>
#include <memory>
#include <utility>

#include "flow/hot_requests.h"
#include "flow/popularity.h"
#include "flow/primer.h"
#include "flow/warm_start.h"

namespace edge::flow {

namespace {

using shm::WarmJob;

constexpr Millis kLookAgain{1000};
// In the table of what is asked for most, for each that is to be primed: a
// purge is of a part of them.
constexpr std::size_t kPlaces = 4;

class Warmer
{
public:
    explicit Warmer(conf::Main &main);

    std::optional<std::uint64_t> begin(WarmPlan plan, std::uint64_t list);

private:
    static void look_at_file(void *warmer);
    static void on_end(void *warmer);
    void begin_file();
    void begin_starts();

    tier::Zone &zone() const { return *main_.zones.front(); }

    conf::Main &main_;
    std::list<WarmRun> runs_;
    std::list<Primer> primers_;
    std::list<WarmStart> starts_;
    std::list<Popularity> popularities_;
    ngx::Timer look_;
};

std::unique_ptr<Warmer> warmer;

Warmer::Warmer(conf::Main &main)
    : main_(main),
      look_(&Warmer::look_at_file, this, ngx::Timer::Holds::nothing)
{
    if (!main_.zones.empty() && !main_.warm_file.urls.empty()) {
        look_.start(Millis(0));
    }
    if (main_.prime.most != 0) {
        keep_hot_requests(kPlaces * main_.prime.most);
        for (tier::Zone *zone : main_.zones) {
            primers_.emplace_back(main_.prime, *zone);
        }
    }
    // One worker is enough.
    if (main_.warm_start.most != 0 && ngx_worker == 0) {
        begin_starts();
    }
}

void Warmer::begin_starts()
{
    for (tier::Zone *zone : main_.zones) {
        if (zone->redis() != nullptr) {
            starts_.emplace_back(main_, *zone);
            popularities_.emplace_back(main_.warm_start, *zone);
        }
    }
}

std::optional<std::uint64_t> Warmer::begin(WarmPlan plan, std::uint64_t list)
{
    const auto id = zone().begin_warm(list, plan.list.urls.size());
    if (id) {
        plan.id = *id;
        runs_.emplace_back(main_, std::move(plan));
        runs_.back().start(&Warmer::on_end, this);
    }
    return id;
}

// The same lines are not warmed again by a reload.
void Warmer::look_at_file(void *data)
{
    auto *self = static_cast<Warmer *>(data);
    const auto job = self->zone().warm_job_of(self->main_.warm_file.hash);
    if (job && job->state == WarmJob::State::done) {
        return;
    }
    if (!ngx_exiting && (!job || job->state == WarmJob::State::stopped)) {
        self->begin_file();
    }
    self->look_.start(kLookAgain);
}

void Warmer::begin_file()
{
    const conf::WarmFile &file = main_.warm_file;
    WarmPlan plan;
    plan.who = file.name;
    plan.list.urls.assign(file.urls.begin(), file.urls.end());
    plan.list.concurrency = file.concurrency;
    begin(std::move(plan), file.hash);
}

void Warmer::on_end(void *data)
{
    static_cast<Warmer *>(data)->runs_.remove_if(
        [](const WarmRun &run) { return run.has_ended(); });
}

} // namespace

void begin_warming(conf::Main &main)
{
    warmer = std::make_unique<Warmer>(main);
}

void end_warming()
{
    warmer.reset();
    forget_hot_requests();
}

std::optional<std::uint64_t> begin_warm_up(WarmPlan plan)
{
    return warmer->begin(std::move(plan), 0);
}

} // namespace edge::flow
