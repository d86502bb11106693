-- GET and SET for srcache: a subrequest to here, its argument is the key.

local function fail(what)
    ngx.log(ngx.ERR, "redis: ", what)
    return ngx.exit(ngx.HTTP_BAD_GATEWAY)
end

local key = ngx.var.query_string
local redis = ngx.socket.tcp()
redis:settimeout(1000)
local connected, why = redis:connect("127.0.0.1", ngx.var.redis_port)
if not connected then
    return fail(why)
end

if ngx.req.get_method() == "PUT" then
    ngx.req.read_body()
    local value = ngx.req.get_body_data()
    redis:send({"*3\r\n$3\r\nSET\r\n$", #key, "\r\n", key, "\r\n$",
                #value, "\r\n", value, "\r\n"})
    if redis:receive() ~= "+OK" then
        return fail("SET was refused")
    end
    redis:setkeepalive(60000, 64)
    return ngx.exit(ngx.HTTP_CREATED)
end

redis:send({"*2\r\n$3\r\nGET\r\n$", #key, "\r\n", key, "\r\n"})
local head = redis:receive()
if head == "$-1" then
    redis:setkeepalive(60000, 64)
    return ngx.exit(ngx.HTTP_NOT_FOUND)
end
local value = redis:receive(tonumber(head:sub(2)))
redis:receive(2)
redis:setkeepalive(60000, 64)
ngx.print(value)
