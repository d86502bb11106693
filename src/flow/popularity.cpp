#include "flow/popularity.h"

#include <utility>

#include "cache/entry.h"
#include "flow/variant.h"
#include "ngx/clock.h"
#include "ngx/sleep.h"
#include "tier/redis_tier.h"

namespace edge::flow {

namespace {

// Between slices of memory: requests come first.
constexpr Millis kBreath{1};

} // namespace

Popularity::Popularity(const conf::WarmStart &settings, tier::Zone &zone)
    : settings_(settings), zone_(zone)
{
    flow_.run(tell(flow_), &Popularity::on_end, nullptr);
}

ngx::Task Popularity::tell(ngx::Flow &flow)
{
    while (!ngx_exiting) {
        co_await ngx::Sleep(flow, settings_.every, ngx::Timer::Holds::nothing);
        tier::RedisTier &redis = *zone_.redis();
        if (redis.redis().up()) {
            std::vector<cache::Used> most_used;
            co_await collect(flow, most_used);
            const std::vector<tier::PopularKey> popular = score(most_used);
            co_await redis.popular().add(flow, popular, settings_.most);
        }
    }
}

ngx::Task Popularity::collect(ngx::Flow &flow,
                              std::vector<cache::Used> &most_used)
{
    cache::MostUsed most(settings_.most);
    for (std::size_t slice = 0; zone_.tell_uses(slice, most); slice++) {
        co_await ngx::Sleep(flow, kBreath, ngx::Timer::Holds::nothing);
    }
    most_used = most.take();
}

std::vector<tier::PopularKey>
Popularity::score(const std::vector<cache::Used> &most_used)
{
    std::vector<tier::PopularKey> popular;
    for (const cache::Used &used : most_used) {
        std::string key = redis_key(used);
        if (!key.empty()) {
            popular.push_back(
                {std::move(key), tier::popularity(used.uses, settings_.every,
                                                  ngx::wall_now())});
        }
    }
    return popular;
}

// Empty: it has left memory meanwhile.
std::string Popularity::redis_key(const cache::Used &used)
{
    const auto object = zone_.peek(used.hash);
    if (!object) {
        return {};
    }
    const auto decoded = cache::decode_head((*object)->head());
    const auto *entry = std::get_if<cache::Entry>(&decoded);
    if (entry == nullptr) {
        return {};
    }
    return zone_.redis()->key(
        used.is_variant()
            ? tier::RedisName{resource_key(entry->key), entry->key}
            : tier::RedisName{entry->key, {}});
}

} // namespace edge::flow
