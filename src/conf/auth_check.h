// The settings for checks that auth_request makes (flow/auth_check): what was
// written for the API's answers above must not decide who is let in.
#pragma once

#include "conf/location.h"

namespace edge::conf {

// Makes a copy of a location's settings that of one whose checks are cached:
// its own where they could let somebody in, or in for longer; no Set-Cookie;
// nothing but memory.
void restrict_to_auth_checks(Location &check);

// What was written in a location counts as written in its `if`.
void inherit_auth_check(Location &child, const Location &parent);

} // namespace edge::conf
