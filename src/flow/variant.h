// The key of one variant of a resource whose answers carry Vary.
#pragma once

#include <string_view>

#include "base/hash.h"
#include "cache/entry.h"
#include "flow/identity.h"
#include "http/field.h"
#include "ngx/nginx.h"

namespace edge::flow {

struct VariantKey
{
    // The resource's key, then a digest of the selecting values: they may be
    // credentials, which are not stored.
    std::string_view key;
    Hash128 hash;
};

VariantKey variant_key(ngx_pool_t *pool, const Identity &identity,
                       cache::StringList names, http::Fields request,
                       const HashSecret &secret);

} // namespace edge::flow
