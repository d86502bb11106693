#include "flow/warm_log.h"

#include <algorithm>
#include <cstdio>

#include "ngx/nginx.h"

namespace edge::flow {

using shm::WarmJob;

std::string warm_name(std::uint64_t id)
{
    char text[17];
    std::snprintf(text, sizeof(text), "%016llx",
                  static_cast<unsigned long long>(id));
    return text;
}

void log_warm_end(const WarmJob &job, const WarmSubject &subject)
{
    const std::string name = warm_name(job.id);
    const std::uint32_t done = job.stored + job.found + job.failures();
    const auto millis =
        std::max<Millis::rep>((job.ended - job.begun).count(), 1);
    ngx_log_error(
        NGX_LOG_NOTICE, ngx_cycle->log, 0,
        "edge warm %s by \"%s\": %uD of %uD %s in %O.%03O s, %O/s: %uD "
        "stored, %uD found, %uD failed%s",
        name.c_str(), subject.who.c_str(), done, job.urls, subject.what,
        static_cast<off_t>(millis / 1000), static_cast<off_t>(millis % 1000),
        static_cast<off_t>(done) * 1000 / millis, job.stored, job.found,
        job.failures(), job.state == WarmJob::State::done ? "" : ", stopped");
}

} // namespace edge::flow
