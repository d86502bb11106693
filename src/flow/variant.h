// The key of one variant of a resource whose answers carry Vary.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "cache/entry.h"
#include "ngx/nginx.h"
#include "tier/redis_tier.h"

namespace edge::flow {

struct Request;

struct VariantKey
{
    // The resource's key, then a digest of the selecting values: they may be
    // credentials, which are not stored.
    std::string_view key;
    Hash128 hash;
};

// Where an entry is in Redis, by its own key; an empty resource: it is the key
// of no variant.
tier::RedisName redis_name(const cache::Entry &entry, bool is_variant);

// The names in memory's record of the resource's Vary; none without one.
std::vector<std::string> known_vary(const Request &request);

// That of the variant, where memory knows by what they differ, or else of the
// resource.
VariantKey known_name(const Request &request);

// Names as an entry has them.
std::string encode(const std::vector<std::string> &names);

// Of a request that has an identity, by its values of the fields `names`.
VariantKey variant_key(ngx_pool_t *pool, const Request &request,
                       cache::StringList names);

} // namespace edge::flow
