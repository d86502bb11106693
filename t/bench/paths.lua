-- wrk -s paths.lua URL -- PREFIX KEYS FIRST TOGETHER [FIELD]
-- Asks for PREFIX and a number: FIRST and upwards, KEYS of them in a circle,
-- each TOGETHER times, with a line of the header more.

local head, first, keys, together, tail
local asked = 0

function init(args)
    head = "GET " .. args[1]
    keys = tonumber(args[2])
    first = tonumber(args[3])
    together = tonumber(args[4])
    local fields = args[5] ~= "" and args[5] .. "\r\n" or ""
    tail = " HTTP/1.1\r\nHost: localhost\r\n" .. fields .. "\r\n"
end

function request()
    local number = first + math.floor(asked / together) % keys
    asked = asked + 1
    return string.format("%s%09d", head, number) .. tail
end
