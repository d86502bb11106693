// The warm-ups that this worker runs, and the one that is due when nginx
// starts: one worker of all does it, and another one if that ends before it.
#pragma once

#include <cstdint>
#include <optional>

#include "conf/main.h"
#include "flow/warm_run.h"

namespace edge::flow {

// In init_process and exit_process of a worker.
void begin_warming(conf::Main &main);
void end_warming();

// Its id. Nullopt: too many are running.
std::optional<std::uint64_t> begin_warm_up(WarmPlan plan);

} // namespace edge::flow
