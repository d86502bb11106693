#include "conf/redis_block.h"

#include <algorithm>
#include <fstream>
#include <string>

#include "base/text.h"
#include "client/config.h"
#include "conf/arguments.h"
#include "conf/main.h"
#include "conf/redis_servers.h"
#include "ngx/guard.h"
#include "ngx/pool.h"

namespace edge::conf {

namespace {

using client::RedisConfig;

// What the lines say before they are put together.
struct Block : RedisConfig
{
    std::vector<std::string_view> words; // of the server lines
    bool uses_tls = false;
    ngx::TlsFiles tls_files;
};

constexpr std::size_t kMaxServers = 16;
constexpr std::size_t kMinSecret = 32;

// Names are resolved later: at the end of the configuration, or by the
// resolver.
char *set_server(ngx_conf_t *cf, Block &redis, std::string_view word)
{
    if (redis.words.size() == kMaxServers) {
        return refuse(cf, word, "write at most 16 servers");
    }
    ngx_url_t url{};
    url.url = ngx::str(ngx::pool_copy(cf->pool, word));
    url.no_resolve = 1;
    if (ngx_parse_url(cf->pool, &url) != NGX_OK) {
        return refuse(cf, word,
                      url.err ? url.err : "write HOST:PORT or unix:PATH");
    }
    redis.words.push_back(word);
    return NGX_CONF_OK;
}

constexpr Choice<client::Mode> kModes[] = {
    {"standalone", client::Mode::standalone},
    {"sentinel", client::Mode::sentinel},
    {"cluster", client::Mode::cluster},
};

char *set_mode(ngx_conf_t *cf, Block &redis, std::string_view word)
{
    return set_chosen(cf, redis.mode, word, word, kModes);
}

char *set_master(ngx_conf_t *cf, Block &redis, std::string_view word)
{
    if (word.empty() || word.size() > 255 ||
        word.find_first_of(" \t") != word.npos || has_control_bytes(word)) {
        return refuse(cf, word, "write the name that the Sentinels know");
    }
    redis.master = word;
    return NGX_CONF_OK;
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

using Credentials = client::Credentials;

template <Credentials RedisConfig::*Whose>
char *set_user(ngx_conf_t *, Block &redis, std::string_view word)
{
    (redis.*Whose).user = word;
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

template <Credentials RedisConfig::*Whose>
char *set_password(ngx_conf_t *cf, Block &redis, std::string_view word)
{
    auto &passwords = (redis.*Whose).passwords;
    if (!passwords.empty()) {
        return refuse(cf, "write one password, or the name of one file");
    }
    passwords.push_back(word);
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

template <Credentials RedisConfig::*Whose>
char *set_password_file(ngx_conf_t *cf, Block &redis, std::string_view word)
{
    auto &passwords = (redis.*Whose).passwords;
    if (!passwords.empty()) {
        return set_password<Whose>(cf, redis, word);
    }
    passwords = read_secrets(cf, word);
    return passwords.empty()
               ? refuse(cf, word,
                        "write the name of a file with a password in its "
                        "first line")
               : NGX_CONF_OK;
}

char *set_secret_file(ngx_conf_t *cf, Block &redis, std::string_view word)
{
    if (!redis.secrets.empty()) {
        return duplicate();
    }
    redis.secrets = read_secrets(cf, word);
    const bool is_long = std::all_of(
        redis.secrets.begin(), redis.secrets.end(),
        [](std::string_view secret) { return secret.size() >= kMinSecret; });
    return !redis.secrets.empty() && is_long
               ? NGX_CONF_OK
               : refuse(cf, word,
                        "write the name of a file with a secret of 32 "
                        "characters or more in its first line");
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
    {"master", &set_master},
    {"db", &set_db},
    {"user", &set_user<&RedisConfig::credentials>},
    {"password", &set_password<&RedisConfig::credentials>},
    {"password_file", &set_password_file<&RedisConfig::credentials>},
    {"sentinel_user", &set_user<&RedisConfig::sentinel>},
    {"sentinel_password", &set_password<&RedisConfig::sentinel>},
    {"sentinel_password_file", &set_password_file<&RedisConfig::sentinel>},
    {"connect_timeout", &set_time<&RedisConfig::connect_timeout>},
    {"timeout", &set_time<&RedisConfig::timeout>},
    {"prefix", &set_prefix},
    {"secret_file", &set_secret_file},
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
    std::string known;
    for (const Setter &setter : kSetters) {
        known.append(known.empty() ? "write " : ", ").append(setter.name);
    }
    return refuse(cf, "is not known inside edge_redis: " + known);
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

char *check_mode(ngx_conf_t *cf, const Block &redis)
{
    const bool is_sentinel = redis.mode == client::Mode::sentinel;
    const client::Credentials &sentinel = redis.sentinel;
    if (is_sentinel && redis.master.empty()) {
        return refuse_block(cf, redis,
                            "write \"master NAME;\", as the Sentinels know "
                            "it");
    }
    if (redis.mode == client::Mode::cluster && redis.db != 0) {
        return refuse_block(cf, redis, "write no \"db\": a cluster has none");
    }
    const bool says_more = !redis.master.empty() || !sentinel.user.empty() ||
                           !sentinel.passwords.empty();
    return says_more && !is_sentinel
               ? refuse_block(cf, redis,
                              "write \"mode sentinel;\", or neither "
                              "\"master\" nor lines that begin with sentinel")
               : NGX_CONF_OK;
}

bool has_nameless_server(const Block &redis)
{
    return redis.tls_name.empty() &&
           std::any_of(
               redis.servers.begin(), redis.servers.end(),
               [](const auto &server) { return server.endpoint.host.empty(); });
}

char *prepare_tls(ngx_conf_t *cf, Block &redis)
{
    const ngx::TlsFiles &files = redis.tls_files;
    if (!redis.uses_tls) {
        const bool is_plain = files.ca.empty() && files.certificate.empty() &&
                              files.key.empty() && redis.tls_name.empty();
        return is_plain
                   ? NGX_CONF_OK
                   : refuse_block(cf, redis,
                                  "write \"tls on;\" into its block, or no "
                                  "other line that begins with tls");
    }
    if (files.certificate.empty() != files.key.empty()) {
        return refuse_block(cf, redis,
                            "write both \"tls_cert\" and \"tls_key\", or none");
    }
    if (has_nameless_server(redis)) {
        return refuse_block(
            cf, redis,
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
    if (char *error = add_servers(cf, *redis, redis->words)) {
        return error;
    }
    if (char *error = check_mode(cf, *redis)) {
        return error;
    }
    return prepare_tls(cf, *redis);
}

} // namespace edge::conf
