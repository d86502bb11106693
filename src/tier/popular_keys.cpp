#include "tier/popular_keys.h"

#include <algorithm>
#include <cmath>
#include <memory_resource>

#include "client/await.h"
#include "redis/commands.h"
#include "redis/popular_script.h"
#include "redis/zone_key.h"

namespace edge::tier {

namespace {

// Since it was last added to.
constexpr Millis kKept{24 * 3600 * 1000};

// Of one reply: keys have about 80 bytes.
constexpr std::size_t kReply = 16 * 1024;

} // namespace

double popularity(std::uint32_t uses, Millis time, WallTime now)
{
    const auto seconds = static_cast<double>(time.count()) / 1000;
    const auto eras = static_cast<double>(now.time_since_epoch().count()) /
                      static_cast<double>(kHalfLife.count());
    return std::log2(uses / seconds) + eras;
}

PopularKeys::PopularKeys(client::Redis &redis, std::string_view zone)
    : redis_(redis),
      key_(redis::zone_key(redis.config().prefix, zone, "{popular}"))
{
}

ngx::Task PopularKeys::add(ngx::Flow &flow, std::span<const PopularKey> popular,
                           std::size_t most)
{
    std::vector<std::string> texts = {std::to_string(most),
                                      std::to_string(kKept.count())};
    for (const PopularKey &one : popular) {
        texts.push_back(std::to_string(one.score));
        texts.push_back(one.key);
    }
    const std::vector<std::string_view> arguments(texts.begin(), texts.end());
    const std::string_view keys[] = {key_};
    std::pmr::monotonic_buffer_resource memory;
    client::Call call(
        flow, redis_, memory,
        redis::ScriptCall{&redis::kPopularScript, keys, arguments});
    co_await call;
}

ngx::Task PopularKeys::read(ngx::Flow &flow, std::size_t most,
                            std::vector<std::string> &keys)
{
    while (keys.size() < most) {
        const std::string first = std::to_string(keys.size());
        const std::string last =
            std::to_string(std::min(keys.size() + kAtOnce, most) - 1);
        const std::string_view words[] = {redis::command::kZRevRange, key_,
                                          first, last};
        std::pmr::monotonic_buffer_resource memory(kReply);
        client::Call call(flow, redis_, memory, redis::CommandParts(words));
        const redis::Reply *reply = (co_await call).reply();
        if (reply == nullptr || reply->elements.empty()) {
            co_return;
        }
        for (const redis::Reply &element : reply->elements) {
            keys.emplace_back(element.text);
        }
    }
}

} // namespace edge::tier
