#include "redis/limit_script.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

namespace edge::redis {

// - SET writes numbers with 17 digits; tostring() would keep 14 of them.
// - math.max(0, x) is 0 also for what is not a number.
// - A level above the capacity is either what somebody with a larger burst
//   left, or the clock went back. Key and time to live went back alike; their
//   difference still says how large the bucket was (and a second), so what is
//   beyond that is taken off. By another clock than that of Redis nothing can
//   be said: then such a key denies until that clock has caught up.
// - Counts whose window or period begins after this one are kept if it is the
//   next one: the clock went back over its beginning.
// - A month's days by the calendar that begins in March: the leap day is its
//   last one.
constexpr Script kLimitScript{"limit", R"lua(
local call, floor, ceil = redis.call, math.floor, math.ceil
local max, min, match = math.max, math.min, string.match

local wanted, now = tonumber(ARGV[1]), tonumber(ARGV[2])
local own_clock = now == 0
if own_clock then
    local time = call('TIME')
    now = time[1] * 1000000 + time[2]
end

local function set(key, value, micros)
    call('SET', key, value, 'PX', ceil(micros / 1000) + 1000)
end

local function counts(...)
    return ('%.0f %.0f %.0f'):format(...)
end

local function write(s)
    if s.kind == 'g' then
        set(s.key, now + s.level,
            s.level + ceil(max(s.level, s.b) / 1000) * 1000)
    elseif s.kind == 'w' then
        set(s.key, counts(s.begin, s.used, s.before),
            s.begin + 2 * s.b - now)
    else
        set(s.key, counts(s.ends, s.used, 0), s.ends - now + 60000000)
    end
end

local function read_bucket(s, value)
    s.level = max(0, (tonumber(value) or 0) - now)
    if s.level > s.b and own_clock then
        local bound = max(0, call('PTTL', s.key) * 1000 - s.level)
        if s.level > bound then
            s.level = bound
            if wanted > 0 then
                write(s)
            end
        end
    end
end

local function read_counts(value)
    local time, used, before = match(value, '^(%d+) (%d+) (%d+)$')
    return tonumber(time), tonumber(used), tonumber(before)
end

local function read_window(s, value)
    local begin, used, before = read_counts(value)
    s.begin, s.used, s.before = now - now % s.b, 0, 0
    if begin == s.begin or begin == s.begin + s.b then
        s.begin, s.used, s.before = begin, used, before
    elseif begin == s.begin - s.b then
        s.before = used
    end
    s.elapsed = max(0, now - s.begin)
end

local function month_end(day)
    day = day + 719468
    local era = floor(day / 146097)
    local of_era = day - era * 146097
    local year = floor((of_era - floor(of_era / 1460) + floor(of_era / 36524)
                        - floor(of_era / 146096)) / 365)
    local of_year = of_era - 365 * year - floor(year / 4) + floor(year / 100)
    local month = floor((5 * of_year + 2) / 153)
    local first = floor((153 * month + 155) / 5)
    if month == 11 then
        year, first = year + 1, 0
    end
    return era * 146097 + 365 * year + floor(year / 4) - floor(year / 100)
           + floor(year / 400) + first - 719468
end

local function period_end(s, time)
    local seconds = floor(time / 1000000) + s.b
    if s.kind == 'm' then
        seconds = month_end(floor(seconds / 86400)) * 86400
    else
        local length = s.kind == 'h' and 3600 or s.kind == 'd' and 86400
                       or 604800
        local monday = s.kind == 'k' and 345600 or 0
        seconds = seconds - (seconds - monday) % length + length
    end
    return (seconds - s.b) * 1000000
end

local function read_quota(s, value)
    local ends, used = read_counts(value)
    s.ends, s.used = period_end(s, now), 0
    if ends and (ends == s.ends or ends == period_end(s, s.ends)) then
        s.ends, s.used = ends, used
    end
end

local function free(s)
    if s.kind == 'g' then
        return floor(max(0, s.b - s.level) / s.a)
    elseif s.kind == 'w' then
        local before = ceil(s.before * (s.b - s.elapsed) / s.b)
        return max(0, s.a - s.used - before)
    end
    return max(0, s.a - s.used)
end

local function charge(s, units)
    if s.kind ~= 'g' then
        s.used = max(0, s.used + units)
        return
    end
    local level = s.level + units * s.a
    if wanted < 0 then
        local most = wanted == -2 and 2 * s.b or s.b
        level = max(0, min(level, max(s.level, most)))
    end
    s.level = level
end

local function window_wait(s, units)
    local room = s.a - s.used - units
    local fading, wait = s.before, -s.elapsed
    if room < 0 then
        room, fading, wait = s.a - units, s.used, s.b - s.elapsed
    end
    if fading <= room then
        return wait
    end
    return wait + ceil(s.b - room * s.b / fading) + 1
end

local function time_of(s, remaining)
    if s.kind == 'g' then
        return ceil(s.level)
    elseif s.kind ~= 'w' then
        return s.ends - now
    elseif remaining >= s.a then
        return 0
    elseif s.cost > remaining and s.cost <= s.a then
        return window_wait(s, s.cost)
    end
    return window_wait(s, remaining + 1)
end

local granted, denied = wanted < 0 and 1 or wanted, 0
local states = {}
for i, key in ipairs(KEYS) do
    local kind, extra = match(ARGV[4 * i - 1], '^(%a)(%d*)$')
    local s = {extra = tonumber(extra), key = key, kind = kind:lower(),
               a = tonumber(ARGV[4 * i]), b = tonumber(ARGV[4 * i + 1]),
               cost = tonumber(ARGV[4 * i + 2])}
    states[i] = s

    local value = redis.pcall('GET', key)
    if type(value) == 'table' then
        if not value.err:find('^WRONGTYPE') then
            return value
        end
        value = ''
    end
    value = value or ''
    if s.kind == 'g' then
        read_bucket(s, value)
    elseif s.kind == 'w' then
        read_window(s, value)
    else
        read_quota(s, value)
    end

    local needed = max(wanted, 1)
    s.fit = needed
    if wanted >= 0 and s.cost > 0 then
        s.fit = floor(free(s) / s.cost)
    elseif wanted >= 0 and free(s) < -s.cost then
        s.fit = 0
    end
    if s.fit < needed then
        denied = denied + 2 ^ (i - 1)
        if s.kind == kind then
            granted = min(granted, s.fit)
        end
    end
end

local answer, extras = {granted, denied}, {}
for i, s in ipairs(states) do
    local units = min(granted, s.fit) * s.cost
    local got = 0
    if units > 0 or units < 0 and wanted < 0 then
        charge(s, units)
        if s.extra then
            local most = s.kind == 'g' and s.b / s.a or s.a
            got = max(0, floor(min(s.extra, (free(s) - most / 5) / 4)))
            charge(s, got)
        end
        write(s)
    end
    if s.extra then
        extras[#extras + 1] = got
    end
    answer[2 * i + 1] = free(s)
    answer[2 * i + 2] = time_of(s, answer[2 * i + 1])
end
for _, got in ipairs(extras) do
    answer[#answer + 1] = got
end
return answer
)lua"};

namespace {

constexpr double kMaxTime = 1e15; // 31 years

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

double most_units(const ScriptLimit &limit)
{
    return limit.kind == LimitKind::bucket ? limit.b / limit.a : limit.a;
}

std::optional<LimitState> parse_state(const Reply &remaining, const Reply &time,
                                      const ScriptLimit &limit)
{
    if (!is_integer(remaining, 0, most_units(limit)) ||
        !is_integer(time, 0, kMaxTime)) {
        return std::nullopt;
    }
    return LimitState{static_cast<std::uint64_t>(remaining.integer),
                      static_cast<double>(time.integer)};
}

std::size_t count_extras(std::span<const ScriptLimit> limits)
{
    return static_cast<std::size_t>(
        std::count_if(limits.begin(), limits.end(),
                      [](const ScriptLimit &l) { return l.extra > 0; }));
}

std::string_view letter(const ScriptLimit &limit)
{
    static constexpr std::string_view letters = "gwhdkmGWHDKM";
    const auto kind = static_cast<std::size_t>(limit.kind);
    return letters.substr(kind + (limit.dry_run ? letters.size() / 2 : 0), 1);
}

} // namespace

LimitCall::LimitCall(std::span<const ScriptLimit> limits, int wanted,
                     std::uint64_t now)
{
    numbers_ = {std::to_string(wanted), std::to_string(now)};
    for (const ScriptLimit &limit : limits) {
        keys_.push_back(limit.key);
        numbers_.emplace_back(letter(limit));
        if (limit.extra > 0) {
            numbers_.back() += std::to_string(limit.extra);
        }
        numbers_.push_back(text_of(limit.a));
        numbers_.push_back(text_of(limit.b));
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
                   int wanted)
{
    const auto &parts = reply.elements;
    if (reply.type != ReplyType::array || limits.size() > kMaxLimits ||
        parts.size() != 2 + 2 * limits.size() + count_extras(limits) ||
        !is_integer(parts[0], 0, std::abs(wanted)) ||
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

    std::size_t place = 2 + 2 * limits.size();
    for (std::size_t i = 0; i < limits.size(); i++) {
        if (limits[i].extra == 0) {
            continue;
        }
        const Reply &got = parts[place++];
        if (!is_integer(got, 0, static_cast<double>(limits[i].extra))) {
            return std::nullopt;
        }
        answer.extras[i] = static_cast<std::uint64_t>(got.integer);
    }
    return answer;
}

LimitAnswer answer_to_one(const LimitAnswer &all,
                          std::span<const ScriptLimit> limits, int wanted,
                          std::size_t place)
{
    LimitAnswer answer = all;
    if (wanted <= 1) {
        return answer;
    }
    answer.granted = place < all.granted ? 1 : 0;
    answer.denied = 0;
    for (std::size_t i = 0; i < limits.size() && answer.granted == 0; i++) {
        const auto cost = static_cast<std::uint64_t>(std::abs(limits[i].cost));
        answer.denied |= (all.states[i].remaining < cost ? 1u : 0u) << i;
    }
    if (place > 0) {
        answer.extras = {};
    }
    return answer;
}

} // namespace edge::redis
