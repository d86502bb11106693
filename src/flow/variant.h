// The key of one variant of a resource whose answers carry Vary.
#pragma once

#include <string>
#include <string_view>
#include <vector>

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

// Of the resource, from that of one of its variants; empty: it is of none.
std::string_view resource_key(std::string_view variant_key);

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
