-- Counts answers by status, which wrk itself does not.
local threads = {}

function setup(thread)
    table.insert(threads, thread)
end

function init()
    counts = {}
end

function response(status)
    counts[status] = (counts[status] or 0) + 1
end

function done()
    for _, thread in ipairs(threads) do
        for status, count in pairs(thread:get("counts")) do
            io.write(("status %d: %d\n"):format(status, count))
        end
    end
end
