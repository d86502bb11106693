// The key of one variant of a resource whose answers carry Vary.
#pragma once

#include <string_view>

#include "base/hash.h"
#include "cache/entry.h"
#include "ngx/nginx.h"

namespace edge::flow {

struct Request;

struct VariantKey
{
    // The resource's key, then a digest of the selecting values: they may be
    // credentials, which are not stored.
    std::string_view key;
    Hash128 hash;
};

// Of a request that has an identity, by its values of the fields `names`.
VariantKey variant_key(ngx_pool_t *pool, const Request &request,
                       cache::StringList names);

} // namespace edge::flow
