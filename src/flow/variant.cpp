#include "flow/variant.h"

#include <cstring>

#include "base/digest.h"
#include "cache/vary_key.h"
#include "ngx/pool.h"

namespace edge::flow {

VariantKey variant_key(ngx_pool_t *pool, const Identity &identity,
                       cache::StringList names, http::Fields request,
                       const HashSecret &secret)
{
    const std::size_t size = cache::vary_key_size(names, request);
    auto *values = static_cast<char *>(ngx::allocate(pool, size + 1));
    cache::write_vary_key(names, request, values);
    const Digest digest = sha256({values, size});

    const std::string_view resource = identity.key;
    const std::size_t whole = resource.size() + digest.size();
    auto *bytes = static_cast<char *>(ngx::allocate(pool, whole));
    std::memcpy(bytes, resource.data(), resource.size());
    std::memcpy(bytes + resource.size(), digest.data(), digest.size());

    VariantKey variant;
    variant.key = {bytes, whole};
    variant.hash = hash128(variant.key, secret);
    return variant;
}

} // namespace edge::flow
