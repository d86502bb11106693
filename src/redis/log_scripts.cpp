#include "redis/log_scripts.h"

#include <algorithm>
#include <array>

namespace edge::redis {

namespace {

template <std::size_t A, std::size_t B>
consteval auto joined(const char (&a)[A], const char (&b)[B])
{
    std::array<char, A + B - 2> text{};
    std::copy_n(b, B - 1, std::copy_n(a, A - 1, text.begin()));
    return text;
}

template <std::size_t N>
constexpr std::string_view view(const std::array<char, N> &text)
{
    return {text.data(), N};
}

constexpr char kCommon[] = R"lua(
local call, log, members = redis.call, KEYS[1], KEYS[2]
local enough = 65536 -- bytes of rows to read at a time: Redis serves others

local function field(record, name)
    for i = 1, #record[2], 2 do
        if record[2][i] == name then
            return record[2][i + 1]
        end
    end
    return ''
end

-- Of a record that cannot be one of ours, the place is beyond all of ours:
-- that log can only be begun anew.
local function newest()
    local record = call('XREVRANGE', log, '+', '-', 'COUNT', 1)[1]
    local epoch, sequence = (record or {''})[1]:match('^(%d+)-(%d+)$')
    if not epoch or tonumber(epoch) >= 16777215 or
        tonumber(sequence) >= 1099511627775 then
        return '', '', 0
    end
    return record[1], field(record, 'n'), tonumber(field(record, 'c')) or 0
end

local function identity()
    return call('INFO', 'server'):match('run_id:(%w+)') .. ':' ..
        call('INFO', 'replication'):match('master_replid:(%w+)')
end

local function is_current(nonce)
    return nonce ~= '' and call('HGET', members, 'epoch') == nonce and
        call('HGET', members, 'node') == identity()
end

-- Called first, too: a replica says that it is one before anything else.
local function keep()
    call('PEXPIRE', log, 604800000)
    call('PEXPIRE', members, 604800000)
end

local function wake(channel)
    if channel ~= '' then
        call('PUBLISH', channel, '')
    end
end
)lua";

// A member's name comes last in its value, as it may hold spaces.
constexpr auto kBeatText = joined(kCommon, R"lua(
local id, from, channel = ARGV[1], ARGV[7], ARGV[10]
keep()
local top, nonce = newest()
if not is_current(nonce) then
    return {'LOST', top, nonce}
end

local known = call('HGET', members, id)
local beats = 0
if known then
    beats = known:match('^%d+')
else
    call('HINCRBY', members, 'v', 1)
end
call('HSET', members, id, string.format('%.0f %s %s %s %s %s',
    (tonumber(beats) or 0) + 1, ARGV[2], ARGV[3], ARGV[5] .. ' ' .. ARGV[6],
    ARGV[8], ARGV[4]))
if not known then
    wake(channel)
end

if from == '' then
    from = top:match('^%d+') .. '-0'
end

local records, count, size = {}, tonumber(ARGV[9]), 0
repeat
    local some = call('XRANGE', log, from, '+', 'COUNT',
                      math.min(count - #records, 10))
    for _, record in ipairs(some) do
        records[#records + 1] = record
        size = size + #field(record, 's')
        from = '(' .. record[1]
    end
until #some < 10 or #records == count or size > enough
return {'OK', top, nonce, call('HGETALL', members), records}
)lua");

constexpr auto kAppendText = joined(kCommon, R"lua(
local request, expected, channel = ARGV[2], ARGV[6], ARGV[8]
keep()
local top, nonce, rows = newest()
if not is_current(nonce) then
    return {'LOST', top, nonce}
end
if nonce ~= ARGV[1] then
    return {'REFUSED', top, nonce}
end

local function find()
    local to, size = '+', 0
    for _ = 1, 10 do
        local some = call('XREVRANGE', log, to, '-', 'COUNT', 10)
        for _, record in ipairs(some) do
            if field(record, 'r') == request and
                field(record, 'n') == nonce then
                return record[1]
            end
            size = size + #field(record, 's')
            to = '(' .. record[1]
        end
        if #some < 10 or size > enough then
            return nil
        end
    end
end

local found = find()
if found then
    return {'OK', found}
end
if expected ~= '' and expected ~= top then
    return {'REFUSED', top, nonce}
end

local epoch, sequence = top:match('^(%d+)-(%d+)$')
rows = rows + #ARGV[4] / 8

-- What to trim: of many rows, some of the oldest records at a time.
local function bound()
    local oldest = call('XRANGE', log, '-', '+', 'COUNT', 1)[1]
    local before = tonumber(field(oldest, 'c')) or 0
    local held = before <= rows and rows - before or rows
    if held <= 16 * ARGV[7] then
        return 'MAXLEN', ARGV[7]
    end
    local from, first = oldest[1]:match('^(%d+)-(%d+)$')
    local some = from == epoch and math.floor((sequence - first) / 2) or 100
    return 'MINID',
        string.format('%s-%.0f', from, first + math.min(some, 100))
end

local next = string.format('%s-%.0f', epoch, sequence + 1)
local by, limit = bound()
call('XADD', log, by, '~', limit, next, 'n', nonce, 'k', 'p', 'r', request,
     'm', ARGV[3], 's', ARGV[4], 'h', ARGV[5], 'c', rows,
     'w', ARGV[9], 't', ARGV[10])
wake(channel)
return {'OK', next}
)lua");

// A stream that is there and empty still refuses lower IDs.
constexpr auto kEpochText = joined(kCommon, R"lua(
local top, nonce = newest()
if ARGV[1] ~= (top == '' and 'missing' or top) then
    return {'REFUSED', top, nonce}
end

local there = call('HGETALL', members)
local values, version = {}, tonumber(ARGV[4])
for i = 5, #ARGV, 2 do
    values[ARGV[i]] = ARGV[i + 1]
end
for i = 1, #there, 2 do
    values[there[i]] = there[i + 1]
end
version = math.max(version, tonumber(values.v) or 0) + 1
values.epoch, values.node, values.v = nil, nil, nil

call('DEL', members)
call('HSET', members, 'epoch', ARGV[3], 'node', identity(), 'v', version)
for id, value in pairs(values) do
    call('HSET', members, id,
         (value:gsub('^(%S+ %S+ %S+) %S+ %S+', '%1 - 0-0')))
end

local epoch = math.max(tonumber(top:match('^%d+')) or 0, tonumber(ARGV[2]))
local first = string.format('%.0f-1', epoch + 1)
if top == '' then
    call('DEL', log)
    call('XADD', log, first, 'n', ARGV[3], 'k', 'e')
else
    call('XADD', log, first, 'n', ARGV[3], 'k', 'e', 'a', top, 'b', nonce)
end
keep()
return {'OK', first}
)lua");

} // namespace

constexpr Script kBeatScript{"beat", view(kBeatText)};
constexpr Script kAppendScript{"append", view(kAppendText)};
constexpr Script kEpochScript{"epoch", view(kEpochText)};

// In halves: a number of Lua holds 53 bits.
constexpr Script kStoreScript{"store", R"lua(
local value, offset = ARGV[1], tonumber(ARGV[3])
local function ticket(bytes)
    local low, high = struct.unpack('<I4I4', bytes)
    return high, low
end

local format = redis.pcall('GETRANGE', KEYS[1], 0, 5)
if format == value:sub(1, 6) then
    local there = redis.call('GETRANGE', KEYS[1], offset, offset + 7)
    if #there == 8 then
        local high, low = ticket(there)
        local own_high, own_low = ticket(value:sub(offset + 1, offset + 8))
        if high > own_high or (high == own_high and low > own_low) then
            return 0
        end
    end
end
redis.call('SET', KEYS[1], value, 'PX', ARGV[2])
return 1
)lua"};

constexpr Script kForgetScript{"forget", R"lua(
local value = redis.call('HGET', KEYS[1], ARGV[1])
if not value then
    return 0
end
if ARGV[2] ~= '' and ARGV[2] ~= (value:match('^%d+') or value) then
    return 0
end
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('HINCRBY', KEYS[1], 'v', 1)
return 1
)lua"};

} // namespace edge::redis
