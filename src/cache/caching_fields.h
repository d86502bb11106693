// What the fields of a response say about caching, those left out that the
// location ignores.
#pragma once

#include "cache/accel_expires.h"
#include "cache/policy.h"
#include "cache/response_facts.h"
#include "http/cache_control.h"
#include "http/vary.h"

namespace edge::cache {

struct CachingFields
{
    // Of the field that decides.
    http::CacheControl control;
    // It is a targeted one: Expires says nothing beside it (RFC 9213 2.2).
    bool is_targeted = false;
    AccelExpires accel{};
    http::Vary vary{};
};

// Views into the response's fields.
CachingFields read_caching_fields(const ResponseFacts &response,
                                  const Policy &policy);

} // namespace edge::cache
