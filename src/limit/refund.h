// Units that Redis has charged and nobody uses.
#pragma once

#include <cstdint>
#include <optional>

#include "limit/rate.h"
#include "redis/limit_script.h"

namespace edge::limit {

// The debit that gives `units` back that were charged `age` ago; nullopt:
// nothing may be. A bucket has drained since, and if it was empty otherwise,
// their charge with it: only what must still be there is taken off, or a unit
// would be admitted twice.
std::optional<redis::ScriptLimit> refund(redis::ScriptLimit limit,
                                         std::uint64_t units, Micros age);

// How a limit stands when so much of it has been given back.
redis::LimitState with_refund(const redis::ScriptLimit &limit,
                              redis::LimitState state, std::uint64_t units);

} // namespace edge::limit
