#include "conf/redis_block.h"

#include <algorithm>
#include <cstring>
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

// What the lines say before they are put together.
struct Block : RedisConfig
{
    bool uses_tls = false;
    ngx::TlsFiles tls_files;
};

constexpr std::size_t kMaxServers = 16;

ngx::Address copy(const ngx_addr_t &address)
{
    ngx::Address result;
    std::memcpy(&result.address, address.sockaddr, address.socklen);
    result.size = address.socklen;
    result.text = ngx::view(address.name);
    return result;
}

// Without the brackets of an IPv6 address.
std::string_view host_of(const ngx_url_t &url)
{
    std::string_view host = url.family == AF_UNIX ? "" : ngx::view(url.host);
    if (host.starts_with('[') && host.ends_with(']')) {
        host = host.substr(1, host.size() - 2);
    }
    return host;
}

char *set_server(ngx_conf_t *cf, Block &redis, std::string_view word)
{
    ngx_url_t url{};
    url.url = ngx::str(ngx::pool_copy(cf->pool, word));
    url.default_port = 6379;
    if (ngx_parse_url(cf->pool, &url) != NGX_OK) {
        return refuse(cf, word,
                      url.err ? url.err : "write HOST:PORT or unix:PATH");
    }
    for (ngx_uint_t i = 0; i < url.naddrs; i++) {
        redis.servers.push_back({host_of(url), copy(url.addrs[i])});
    }
    return redis.servers.size() <= kMaxServers
               ? NGX_CONF_OK
               : refuse(cf, word, "write at most 16 addresses");
}

char *set_mode(ngx_conf_t *cf, Block &, std::string_view word)
{
    return word == "standalone" ? NGX_CONF_OK
                                : refuse(cf, word, "write \"standalone\"");
}

char *set_db(ngx_conf_t *cf, Block &redis, std::string_view word)
{
    const auto db = parse_decimal(word, 1u << 20);
    if (!db || *db >= 1u << 20) {
        return refuse(cf, word, "write the number of a database");
    }
    redis.db = static_cast<unsigned>(*db);
    return NGX_CONF_OK;
}

char *set_user(ngx_conf_t *, Block &redis, std::string_view word)
{
    redis.user = word;
    return NGX_CONF_OK;
}

char *set_tls(ngx_conf_t *cf, Block &redis, std::string_view word)
{
    if (word != "on" && word != "off") {
        return refuse(cf, word, "write \"on\" or \"off\"");
    }
    redis.uses_tls = word == "on";
    return NGX_CONF_OK;
}

template <std::string_view ngx::TlsFiles::*Member>
char *set_tls_file(ngx_conf_t *cf, Block &redis, std::string_view word)
{
    if (word.empty()) {
        return refuse(cf, word, "write the name of a file in PEM");
    }
    redis.tls_files.*Member = word;
    return NGX_CONF_OK;
}

char *set_tls_name(ngx_conf_t *cf, Block &redis, std::string_view word)
{
    if (word.empty() || word.size() > 255 || has_control_bytes(word)) {
        return refuse(cf, word, "write the name in the server's certificate");
    }
    redis.tls_name = word;
    return NGX_CONF_OK;
}

char *set_password(ngx_conf_t *cf, Block &redis, std::string_view word)
{
    if (!redis.passwords.empty()) {
        return refuse(cf, "write one of \"password\" and \"password_file\", "
                          "once");
    }
    redis.passwords.push_back(word);
    return NGX_CONF_OK;
}

// The first lines of a file that are not empty, at most two: the new secret
// and the old one while it is being changed.
std::vector<std::string_view> read_secrets(ngx_conf_t *cf,
                                           std::string_view word)
{
    std::vector<std::string_view> secrets;
    ngx_str_t path = ngx::str(ngx::pool_copy(cf->pool, word));
    if (ngx_conf_full_name(cf->cycle, &path, 1) != NGX_OK) {
        return secrets;
    }
    std::ifstream file(std::string(ngx::view(path)));
    std::string line;
    while (secrets.size() < 2 && std::getline(file, line)) {
        line.resize(std::min(line.find('\r'), line.size()));
        const std::string_view secret = trim_ows(line);
        if (!secret.empty()) {
            secrets.push_back(ngx::pool_copy(cf->pool, secret));
        }
    }
    return secrets;
}

char *set_password_file(ngx_conf_t *cf, Block &redis, std::string_view word)
{
    if (!redis.passwords.empty()) {
        return set_password(cf, redis, word);
    }
    redis.passwords = read_secrets(cf, word);
    return redis.passwords.empty()
               ? refuse(cf, word,
                        "write the name of a file with a password in its "
                        "first line")
               : NGX_CONF_OK;
}

template <Millis RedisConfig::*Member>
char *set_time(ngx_conf_t *cf, Block &redis, std::string_view word)
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

char *set_prefix(ngx_conf_t *cf, Block &redis, std::string_view word)
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
    char *(*set)(ngx_conf_t *, Block &, std::string_view);
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
    {"tls", &set_tls},
    {"tls_ca", &set_tls_file<&ngx::TlsFiles::ca>},
    {"tls_cert", &set_tls_file<&ngx::TlsFiles::certificate>},
    {"tls_key", &set_tls_file<&ngx::TlsFiles::key>},
    {"tls_name", &set_tls_name},
};

// One line of the block; nginx calls this for each.
char *set_line(ngx_conf_t *cf, ngx_command_t *, void *conf)
{
    Block &redis = *static_cast<Block *>(conf);
    for (const Setter &setter : kSetters) {
        if (setter.name == directive(cf)) {
            if (arguments(cf).size() != 1) {
                return refuse(cf, "write exactly one value");
            }
            return setter.set(cf, redis, ngx::view(arguments(cf)[0]));
        }
    }
    return refuse(cf, "is not known inside edge_redis: write server, mode, "
                      "db, user, password, password_file, connect_timeout, "
                      "timeout, prefix, tls, tls_ca, tls_cert, tls_key or "
                      "tls_name");
}

char *read_block(ngx_conf_t *cf, Block &redis)
{
    const ngx_conf_t outer = *cf;
    cf->handler = ngx::guard<&set_line>;
    cf->handler_conf = &redis;
    char *result = ngx_conf_parse(cf, nullptr);
    *cf = outer;
    return result;
}

bool has_nameless_server(const Block &redis)
{
    return redis.tls_name.empty() &&
           std::any_of(redis.servers.begin(), redis.servers.end(),
                       [](const auto &server) { return server.host.empty(); });
}

char *prepare_tls(ngx_conf_t *cf, Block &redis)
{
    const ngx::TlsFiles &files = redis.tls_files;
    if (!redis.uses_tls) {
        const bool is_plain = files.ca.empty() && files.certificate.empty() &&
                              files.key.empty() && redis.tls_name.empty();
        return is_plain ? NGX_CONF_OK
                        : refuse(cf, redis.name,
                                 "write \"tls on;\" into its block, or no "
                                 "other line that begins with tls");
    }
    if (files.certificate.empty() != files.key.empty()) {
        return refuse(cf, redis.name,
                      "write both \"tls_cert\" and \"tls_key\", or none");
    }
    if (has_nameless_server(redis)) {
        return refuse(cf, redis.name,
                      "write \"tls_name NAME;\": a unix socket has no name "
                      "that a certificate could be for");
    }
    auto *tls = ngx::pool_new<ngx::Tls>(cf->pool);
    redis.tls = tls;
    return tls->prepare(cf, files) ? NGX_CONF_OK
                                   : static_cast<char *>(NGX_CONF_ERROR);
}

} // namespace

char *set_redis(ngx_conf_t *cf, ngx_command_t *, void *conf)
{
    Main &mcf = *static_cast<Main *>(conf);
    const std::string_view name = ngx::view(arguments(cf)[0]);
    if (mcf.find_redis(name) != nullptr) {
        return duplicate();
    }

    auto *redis = ngx::pool_new<Block>(cf->pool);
    redis->name = name;
    redis->client_name = "edge-cache";
    mcf.redis.push_back(redis);
    if (char *error = read_block(cf, *redis)) {
        return error;
    }
    if (redis->servers.empty()) {
        return refuse(cf, name, "write a \"server HOST:PORT;\" into its block");
    }
    return prepare_tls(cf, *redis);
}

} // namespace edge::conf
