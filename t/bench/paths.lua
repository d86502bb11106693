-- wrk -s paths.lua URL -- PREFIX KEYS FIRST TOGETHER
-- Asks for PREFIX and a number: FIRST and upwards, KEYS of them in a circle,
-- each TOGETHER times.

local head, first, keys, together
local asked = 0

function init(args)
    head = "GET " .. args[1]
    keys = tonumber(args[2])
    first = tonumber(args[3])
    together = tonumber(args[4])
end

function request()
    local number = first + math.floor(asked / together) % keys
    asked = asked + 1
    return string.format("%s%09d HTTP/1.1\r\nHost: localhost\r\n\r\n",
                         head, number)
end
