#include "redis/popular_script.h"

namespace edge::redis {

constexpr Script kPopularScript{"popular", R"lua(
redis.call('ZADD', KEYS[1], 'GT', unpack(ARGV, 3))
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -1 - ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
)lua"};

} // namespace edge::redis
