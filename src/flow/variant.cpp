#include "flow/variant.h"

#include <cstring>

#include "base/digest.h"
#include "cache/vary_key.h"
#include "flow/request.h"
#include "ngx/pool.h"

namespace edge::flow {

tier::RedisName redis_name(const cache::Entry &entry, bool is_variant)
{
    if (!is_variant) {
        return {entry.key, {}};
    }
    constexpr std::size_t digest = std::tuple_size_v<Digest>;
    const std::size_t size = entry.key.size();
    return {entry.key.substr(0, size - std::min(size, digest)), entry.key};
}

std::vector<std::string> known_vary(const Request &request)
{
    const auto record = request.zone().find(request.identity->resource);
    if (!record) {
        return {};
    }
    const auto decoded = cache::decode_head((*record)->head());
    const auto *entry = std::get_if<cache::Entry>(&decoded);
    return entry != nullptr && entry->key == request.identity->key
               ? entry->vary.strings()
               : std::vector<std::string>();
}

VariantKey known_name(const Request &request)
{
    const Identity &identity = *request.identity;
    return request.variant.value_or(
        VariantKey{identity.key, identity.resource});
}

std::string encode(const std::vector<std::string> &names)
{
    cache::StringListBuilder list;
    for (const std::string &name : names) {
        list.add(name);
    }
    return list.take();
}

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
