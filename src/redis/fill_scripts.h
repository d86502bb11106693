// Scripts of the lock that lets one instance of all fill an object. Its key
// lies in the slot of the object. It holds
//   <token>    the filler's: its instance (32 characters), the generation it
//              had applied (16 hexadecimal digits), its own part; "+" behind it
//              when somebody waits
//   -          answers are not shared: nobody is to wait
//   =          just released: look for the object again
//
// Needs +get +set +pttl +publish, and +del when memory is short.
#pragma once

#include "redis/script.h"

namespace edge::redis {

// KEYS lock    ARGV token, time to live in ms, "1" to take no notice of "="
// What the same instance holds already is taken over: in there, one leads. And
// what was begun before a purge that the caller knows of, and what would stay
// for ever: no lock of ours does.
// -> 1 it is held now, 0 another instance's, 2 "-", 3 "="
extern const Script kClaimScript;

// KEYS lock    ARGV token, ms to hold "-" or "0", channel, message
// The message is sent if somebody waits. Without memory the lock is gone.
// -> 1 released, 0 it was not held
extern const Script kReleaseScript;

} // namespace edge::redis
