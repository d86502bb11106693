#include "redis/limit_script.h"

#include <charconv>
#include <cmath>

namespace edge::redis {

// - SET writes numbers with 17 digits; tostring() would keep 14 of them.
// - math.max(0, x) is 0 also for what is not a number.
// - A level above the capacity is either what somebody with a larger burst
//   left, or the clock went back. Key and time to live went back alike; their
//   difference still says how large the bucket was (and a second), so what is
//   beyond that is taken off. By another clock than that of Redis nothing can
//   be said: then such a key denies until that clock has caught up.
constexpr Script kLimitScript{"limit", R"lua(
local call, floor, ceil = redis.call, math.floor, math.ceil
local max, min = math.max, math.min

local wanted, now = tonumber(ARGV[1]), tonumber(ARGV[2])
local own_clock = now == 0
if own_clock then
    local time = call('TIME')
    now = time[1] * 1000000 + time[2]
end

local function write(key, level, capacity)
    call('SET', key, now + level,
         'PX', ceil(level / 1000) + ceil(capacity / 1000) + 1000)
end

local granted, denied = wanted, 0
local levels, fits = {}, {}
for i, key in ipairs(KEYS) do
    local kind, interval = ARGV[4 * i - 1], tonumber(ARGV[4 * i])
    local capacity, cost = tonumber(ARGV[4 * i + 1]), tonumber(ARGV[4 * i + 2])

    local value = redis.pcall('GET', key)
    if type(value) == 'table' and not value.err:find('^WRONGTYPE') then
        return value
    end
    local level = max(0, (tonumber(value) or 0) - now)
    if level > capacity and own_clock then
        local bound = max(0, call('PTTL', key) * 1000 - level)
        if level > bound then
            level = bound
            if wanted > 0 then
                write(key, level, max(level, capacity))
            end
        end
    end

    local needed = max(wanted, 1)
    local fit = needed
    if cost > 0 then
        fit = floor(max(0, capacity - level) / (interval * cost))
    end
    if fit < needed then
        denied = denied + 2 ^ (i - 1)
        if kind == 'g' then
            granted = min(granted, fit)
        end
    end
    levels[i], fits[i] = level, fit
end

local answer = {granted, denied}
for i, key in ipairs(KEYS) do
    local interval, capacity = tonumber(ARGV[4 * i]), tonumber(ARGV[4 * i + 1])
    local charge = granted * tonumber(ARGV[4 * i + 2]) * interval
    local level = levels[i]
    if charge > 0 and fits[i] >= granted then
        level = level + charge
        write(key, level, capacity)
    end
    answer[2 * i + 1] = floor(max(0, capacity - level) / interval)
    answer[2 * i + 2] = ceil(level)
end
return answer
)lua"};

namespace {

constexpr double kMaxLevel = 1e15; // 31 years

std::string text_of(double number)
{
    char digits[32];
    const auto end = std::to_chars(digits, digits + sizeof(digits), number,
                                   std::chars_format::fixed);
    return {digits, end.ptr};
}

bool is_integer(const Reply &reply, double least, double most)
{
    const auto number = static_cast<double>(reply.integer);
    return reply.type == ReplyType::integer && number >= least &&
           number <= most;
}

std::optional<LimitState> parse_state(const Reply &remaining,
                                      const Reply &level,
                                      const ScriptLimit &limit)
{
    if (!is_integer(remaining, 0, limit.capacity / limit.interval) ||
        !is_integer(level, 0, kMaxLevel)) {
        return std::nullopt;
    }
    return LimitState{static_cast<std::uint64_t>(remaining.integer),
                      static_cast<double>(level.integer)};
}

} // namespace

LimitCall::LimitCall(std::span<const ScriptLimit> limits, std::uint64_t wanted,
                     std::uint64_t now)
{
    numbers_ = {std::to_string(wanted), std::to_string(now)};
    for (const ScriptLimit &limit : limits) {
        keys_.push_back(limit.key);
        numbers_.push_back(limit.dry_run ? "G" : "g");
        numbers_.push_back(text_of(limit.interval));
        numbers_.push_back(text_of(limit.capacity));
        numbers_.push_back(std::to_string(limit.cost));
    }
    arguments_.assign(numbers_.begin(), numbers_.end());
}

ScriptCall LimitCall::call() const
{
    return {&kLimitScript, keys_, arguments_};
}

std::optional<LimitAnswer>
parse_limit_answer(const Reply &reply, std::span<const ScriptLimit> limits,
                   std::uint64_t wanted)
{
    const auto &parts = reply.elements;
    if (reply.type != ReplyType::array || limits.size() > kMaxLimits ||
        parts.size() != 2 + 2 * limits.size() ||
        !is_integer(parts[0], 0, static_cast<double>(wanted)) ||
        !is_integer(parts[1], 0, std::exp2(limits.size()) - 1)) {
        return std::nullopt;
    }

    LimitAnswer answer;
    answer.granted = static_cast<std::uint64_t>(parts[0].integer);
    answer.denied = static_cast<std::uint32_t>(parts[1].integer);
    answer.limits = limits.size();
    for (std::size_t i = 0; i < limits.size(); i++) {
        const auto state =
            parse_state(parts[2 + 2 * i], parts[3 + 2 * i], limits[i]);
        if (!state) {
            return std::nullopt;
        }
        answer.states[i] = *state;
    }
    return answer;
}

} // namespace edge::redis
