// How a warm-up is called, and the line in the log at its end.
#pragma once

#include <cstdint>
#include <string>

#include "shm/warm_jobs.h"

namespace edge::flow {

// 16 hexadecimal digits.
std::string warm_name(std::uint64_t id);

struct WarmSubject
{
    std::string who; // wanted it
    const char *what; // was to be warmed: "URLs"
};

void log_warm_end(const shm::WarmJob &job, const WarmSubject &subject);

} // namespace edge::flow
