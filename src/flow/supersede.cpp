#include "flow/supersede.h"

#include "cache/supersede.h"
#include "tier/redis_tier.h"

namespace edge::flow {

void forget_outdated(ngx_http_request_t *r, Request &request,
                     cache::Reason why)
{
    const auto status = static_cast<std::uint16_t>(r->headers_out.status);
    if (!outdates_stored(status, why, request.facts, request.lcf.policy)) {
        return;
    }
    const Identity &identity = *request.identity;
    const std::string names = encode(known_vary(request));
    VariantKey name{identity.key, identity.resource};
    tier::RedisName redis_name{identity.key, {}};
    if (!names.empty()) {
        name = variant_key(r->pool, request, cache::StringList(names));
        redis_name.variant_key = name.key;
    }

    request.zone().forget(name.hash);
    if (tier::RedisTier *redis = request.zone().redis()) {
        redis->forget(redis_name);
    }
}

} // namespace edge::flow
