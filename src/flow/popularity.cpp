#include "flow/popularity.h"

#include <algorithm>
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
    constexpr std::size_t at_once = tier::PopularKeys::kAtOnce;
    while (!ngx_exiting) {
        co_await ngx::Sleep(flow, settings_.every, ngx::Timer::Holds::nothing);
        tier::RedisTier &redis = *zone_.redis();
        if (!redis.redis().up()) {
            continue;
        }
        std::vector<cache::Used> most_used;
        co_await collect(flow, most_used);
        for (std::size_t i = 0; i < most_used.size(); i += at_once) {
            const std::size_t count = std::min(at_once, most_used.size() - i);
            const auto popular = score(std::span(most_used).subspan(i, count));
            if (!popular.empty()) {
                co_await redis.popular().add(flow, popular, settings_.most);
            }
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
Popularity::score(std::span<const cache::Used> some)
{
    std::vector<tier::PopularKey> popular;
    for (const cache::Used &used : some) {
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
    return zone_.redis()->key(redis_name(*entry, used.is_variant()));
}

} // namespace edge::flow
