#include "flow/supersede.h"

#include "cache/supersede.h"
#include "tier/redis_tier.h"

namespace edge::flow {

void forget_outdated(ngx_http_request_t *r, Request &request,
                     std::uint16_t status, cache::Reason why)
{
    if (outdates_stored(status, why, request.facts, request.lcf.policy)) {
        forget_stored(r, request);
    }
}

void forget_stored(ngx_http_request_t *r, Request &request)
{
    const Identity &identity = *request.identity;
    const std::string names = encode(known_vary(request));
    VariantKey name{identity.key, identity.resource};
    tier::RedisName redis_name{identity.key, {}};
    if (!names.empty()) {
        name = variant_key(r->pool, request, cache::StringList(names));
        redis_name.variant_key = name.key;
    }

    request.zone().forget(name.hash);
    if (tier::RedisTier *redis = request.redis()) {
        redis->forget(redis_name);
    }
}

} // namespace edge::flow
