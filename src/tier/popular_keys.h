// What the clients of all instances ask for most, in Redis: keys of a zone's
// objects. Each instance adds what its own clients do; what is seldom asked
// for leaves (forward decay: Cormode, Shkapenyuk, Srivastava, Xu, ICDE 2009).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "client/redis.h"
#include "ngx/task.h"

namespace edge::tier {

struct PopularKey
{
    std::string key;
    double score = 0;
};

// Of something that was asked for so often within `time`, which ends now.
// kHalfLife later it is as good as half as often is then.
inline constexpr Millis kHalfLife{10 * 60 * 1000};
double popularity(std::uint32_t uses, Millis time, WallTime now);

class PopularKeys
{
public:
    // Redis serves others in between, and so do we.
    static constexpr std::size_t kAtOnce = 100;

    // `redis` outlives it.
    PopularKeys(client::Redis &redis, std::string_view zone);

    // 1 to kAtOnce of them. Of all instances together, `most` stay. Where Redis
    // refuses it, its state says why.
    ngx::Task add(ngx::Flow &flow, std::span<const PopularKey> popular,
                  std::size_t most);
    // The most asked for first; fewer, or none, where Redis does not say.
    ngx::Task read(ngx::Flow &flow, std::size_t most,
                   std::vector<std::string> &keys);

private:
    client::Redis &redis_;
    const std::string key_;
};

} // namespace edge::tier
