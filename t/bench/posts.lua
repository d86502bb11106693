-- wrk -s posts.lua URL -- URLS
-- POSTs to so many addresses, in a random order.

local urls

function init(args)
    urls = tonumber(args[1])
    math.randomseed(1)
end

function request()
    return string.format("POST /w%d HTTP/1.1\r\nHost: localhost\r\n" ..
                         "Content-Length: 1\r\n\r\nx", math.random(urls))
end
