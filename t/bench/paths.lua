-- wrk -s paths.lua URL -- PREFIX KEYS FIRST
-- Asks for PREFIX and a number: FIRST and upwards, KEYS of them in a circle.

local head, number, first, last

function init(args)
    head = "GET " .. args[1]
    first = tonumber(args[3])
    number = first - 1
    last = first + tonumber(args[2]) - 1
end

function request()
    number = number < last and number + 1 or first
    return string.format("%s%09d HTTP/1.1\r\nHost: localhost\r\n\r\n",
                         head, number)
end
