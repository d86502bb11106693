// The set of what a zone's clients ask for most: keys of objects, with scores
// that rise with how often and how lately they were asked for.
//
// Needs +zadd +zremrangebyrank +pexpire; it is read with +zrevrange.
#pragma once

#include "redis/script.h"

namespace edge::redis {

// KEYS set    ARGV how many stay, time to live in ms, then score, key, ...
// A score that is lower than the one there changes nothing.
// -> 1
extern const Script kPopularScript;

} // namespace edge::redis
