// The name of a bucket in Redis.
#pragma once

#include <string>
#include <string_view>

#include "base/hash.h"

namespace edge::limit {

// What a request is counted by: `value` is what the zone's key came to (not
// empty, a request without a key is not limited), `tag` decides which limits
// lie together in a Redis Cluster. An empty tag is the value: `{}` would not
// be a hash tag.
struct Key
{
    std::string_view zone;
    std::string_view value;
    std::string_view tag;
};

// <prefix>:l1:{<tag>}:<zone>:<value>
//
// `l1` is the format of what the key holds; a change of it gets new keys.
// Unreserved characters (RFC 3986 2.3) stand for themselves, every other byte
// is %XX. A part longer than 64 bytes becomes `#` and 32 hexadecimal digits of
// its hash; `#` itself is always encoded, so nobody can write another's hash.
// All instances need the same `secret`. The prefix is the operator's own and
// goes in as it is.
std::string redis_key(std::string_view prefix, const Key &key,
                      const HashSecret &secret);

// What keys are told apart by in the memory of their zone, as in Redis: the
// same value below another tag is another key.
std::string text_in_zone(const Key &key);

} // namespace edge::limit
