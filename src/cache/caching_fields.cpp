#include "cache/caching_fields.h"

#include "http/targeted.h"

namespace edge::cache {

namespace {

std::optional<http::CacheControl> targeted_control(http::Fields response,
                                                   const Policy &policy)
{
    struct Target
    {
        std::string_view name;
        IgnoredField ignored;
    };
    constexpr Target targets[] = {
        {http::kOwnTarget, kIgnoreEdgeCacheControl},
        {http::kCdnTarget, kIgnoreCdnCacheControl}};

    for (const Target &target : targets) {
        if (policy.ignores(target.ignored)) {
            continue;
        }
        if (auto control = http::parse_targeted(response, target.name)) {
            return control;
        }
    }
    return std::nullopt;
}

} // namespace

CachingFields read_caching_fields(const ResponseFacts &response,
                                  const Policy &policy)
{
    CachingFields said;
    if (auto control = targeted_control(response.fields, policy)) {
        said.control = *control;
        said.is_targeted = true;
    } else if (!policy.ignores(kIgnoreCacheControl)) {
        said.control = http::parse_cache_control(response.fields);
    }
    if (!policy.ignores(kIgnoreAccelExpires)) {
        said.accel = parse_accel_expires(response.fields, response.received);
    }
    if (!policy.ignores(kIgnoreVary)) {
        said.vary = http::parse_vary(response.fields);
    }
    return said;
}

} // namespace edge::cache
