#include "redis/fill_scripts.h"

namespace edge::redis {

constexpr Script kClaimScript{"claim", R"lua(
local token = ARGV[1]
local held = redis.call('GET', KEYS[1])
if held == '-' then
    return 2
end
if held == '=' then
    if ARGV[3] ~= '1' then
        return 3
    end
elseif held and redis.call('PTTL', KEYS[1]) > 0 then
    local waits = held:sub(-1) == '+'
    if held:sub(1, 32) ~= token:sub(1, 32) and
        held:sub(33, 48) >= token:sub(33, 48) then
        if not waits then
            redis.call('SET', KEYS[1], held .. '+', 'KEEPTTL')
        end
        return 0
    end
    token = waits and token .. '+' or token
end
redis.call('SET', KEYS[1], token, 'PX', ARGV[2])
return 1
)lua"};

constexpr Script kReleaseScript{"release", R"lua(
local held = redis.call('GET', KEYS[1])
if held ~= ARGV[1] and held ~= ARGV[1] .. '+' then
    return 0
end
local state, time = '-', ARGV[2]
if time == '0' then
    state, time = '=', 1000
end
if redis.pcall('SET', KEYS[1], state, 'PX', time).err then
    redis.call('DEL', KEYS[1])
end
if held:sub(-1) == '+' then
    redis.call('PUBLISH', ARGV[3], ARGV[4])
end
return 1
)lua"};

} // namespace edge::redis
