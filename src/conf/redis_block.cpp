#include "conf/redis_block.h"

#include <fstream>
#include <string>

#include "base/text.h"
#include "client/config.h"
#include "conf/arguments.h"
#include "conf/main.h"
#include "ngx/guard.h"
#include "ngx/pool.h"

namespace edge::conf {

namespace {

using client::RedisConfig;
using Words = std::span<ngx_str_t>;

constexpr std::size_t kMaxServers = 16;

char *set_server(ngx_conf_t *cf, RedisConfig &redis, std::string_view word)
{
    ngx_url_t url{};
    url.url = ngx::str(ngx::pool_copy(cf->pool, word));
    url.default_port = 6379;
    if (ngx_parse_url(cf->pool, &url) != NGX_OK) {
        return refuse(cf, word,
                      url.err ? url.err : "write HOST:PORT or unix:PATH");
    }
    for (ngx_uint_t i = 0; i < url.naddrs; i++) {
        const ngx_addr_t &address = url.addrs[i];
        redis.addresses.push_back(
            {address.sockaddr, address.socklen, address.name});
    }
    return redis.addresses.size() <= kMaxServers
               ? NGX_CONF_OK
               : refuse(cf, word, "write at most 16 addresses");
}

char *set_mode(ngx_conf_t *cf, RedisConfig &, std::string_view word)
{
    return word == "standalone" ? NGX_CONF_OK
                                : refuse(cf, word, "write \"standalone\"");
}

char *set_db(ngx_conf_t *cf, RedisConfig &redis, std::string_view word)
{
    const auto db = parse_decimal(word, 1u << 20);
    if (!db || *db >= 1u << 20) {
        return refuse(cf, word, "write the number of a database");
    }
    redis.db = static_cast<unsigned>(*db);
    return NGX_CONF_OK;
}

char *set_user(ngx_conf_t *, RedisConfig &redis, std::string_view word)
{
    redis.user = word;
    return NGX_CONF_OK;
}

char *set_password(ngx_conf_t *cf, RedisConfig &redis, std::string_view word)
{
    if (!redis.passwords.empty()) {
        return refuse(cf, "write one of \"password\" and \"password_file\", "
                          "once");
    }
    redis.passwords.push_back(word);
    return NGX_CONF_OK;
}

// Two lines during rotation: tried in order.
char *set_password_file(ngx_conf_t *cf, RedisConfig &redis,
                        std::string_view word)
{
    if (!redis.passwords.empty()) {
        return set_password(cf, redis, word);
    }
    ngx_str_t path = ngx::str(ngx::pool_copy(cf->pool, word));
    if (ngx_conf_full_name(cf->cycle, &path, 1) != NGX_OK) {
        return static_cast<char *>(NGX_CONF_ERROR);
    }
    std::ifstream file(std::string(ngx::view(path)));
    std::string line;
    while (std::getline(file, line) && redis.passwords.size() < 2) {
        const std::string_view password = trim_ows(line);
        if (!password.empty()) {
            redis.passwords.push_back(ngx::pool_copy(cf->pool, password));
        }
    }
    return redis.passwords.empty()
               ? refuse(cf, word,
                        "write the name of a file with a password in its "
                        "first line")
               : NGX_CONF_OK;
}

template <Millis RedisConfig::*Member>
char *set_time(ngx_conf_t *cf, RedisConfig &redis, std::string_view word)
{
    const auto time = parse_time(word);
    if (!time || *time < Millis(1) || *time > Millis(60000)) {
        return refuse(cf, word, "write a time from 1ms to 60s");
    }
    redis.*Member = *time;
    return NGX_CONF_OK;
}

bool is_prefix(std::string_view word)
{
    return !word.empty() && word.size() <= 64 &&
           word.find_first_of(" {}*?[]\\") == word.npos &&
           !has_control_bytes(word);
}

char *set_prefix(ngx_conf_t *cf, RedisConfig &redis, std::string_view word)
{
    if (!is_prefix(word)) {
        return refuse(cf, word,
                      "write up to 64 characters without spaces, braces and "
                      "wildcards");
    }
    redis.prefix = word;
    return NGX_CONF_OK;
}

struct Setter
{
    std::string_view name;
    char *(*set)(ngx_conf_t *, RedisConfig &, std::string_view);
};

constexpr Setter kSetters[] = {
    {"server", &set_server},
    {"mode", &set_mode},
    {"db", &set_db},
    {"user", &set_user},
    {"password", &set_password},
    {"password_file", &set_password_file},
    {"connect_timeout", &set_time<&RedisConfig::connect_timeout>},
    {"timeout", &set_time<&RedisConfig::timeout>},
    {"prefix", &set_prefix},
};

// One line of the block; nginx calls this for each.
char *set_line(ngx_conf_t *cf, ngx_command_t *, void *conf)
{
    RedisConfig &redis = *static_cast<RedisConfig *>(conf);
    for (const Setter &setter : kSetters) {
        if (setter.name == directive(cf)) {
            if (arguments(cf).size() != 1) {
                return refuse(cf, "write exactly one value");
            }
            return setter.set(cf, redis, ngx::view(arguments(cf)[0]));
        }
    }
    return refuse(cf, "is not known inside edge_redis: write server, db, "
                      "user, password, password_file, connect_timeout, "
                      "timeout or prefix");
}

char *read_block(ngx_conf_t *cf, RedisConfig &redis)
{
    const ngx_conf_t outer = *cf;
    cf->handler = ngx::guard<&set_line>;
    cf->handler_conf = &redis;
    char *result = ngx_conf_parse(cf, nullptr);
    *cf = outer;
    return result;
}

} // namespace

char *set_redis(ngx_conf_t *cf, ngx_command_t *, void *conf)
{
    Main &mcf = *static_cast<Main *>(conf);
    const std::string_view name = ngx::view(arguments(cf)[0]);
    if (mcf.find_redis(name) != nullptr) {
        return duplicate();
    }

    auto *redis = ngx::pool_new<RedisConfig>(cf->pool);
    redis->name = name;
    redis->client_name = "edge-cache";
    mcf.redis.push_back(redis);
    if (char *error = read_block(cf, *redis)) {
        return error;
    }
    if (redis->addresses.empty()) {
        return refuse(cf, name, "write a \"server HOST:PORT;\" into its block");
    }
    return NGX_CONF_OK;
}

} // namespace edge::conf
