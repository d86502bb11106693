#include "flow/variant.h"

#include <cstring>

#include "base/digest.h"
#include "cache/vary_key.h"
#include "flow/request.h"
#include "ngx/pool.h"

namespace edge::flow {

VariantKey variant_key(ngx_pool_t *pool, const Request &request,
                       cache::StringList names)
{
    const Digest digest = sha256(
        cache::vary_key(names, request.fields, request.lcf.vary.value));

    const std::string_view resource = request.identity->key;
    const std::size_t whole = resource.size() + digest.size();
    auto *bytes = static_cast<char *>(ngx::allocate(pool, whole));
    std::memcpy(bytes, resource.data(), resource.size());
    std::memcpy(bytes + resource.size(), digest.data(), digest.size());

    VariantKey variant;
    variant.key = {bytes, whole};
    variant.hash = hash128(variant.key, request.zone().secret());
    return variant;
}

} // namespace edge::flow
