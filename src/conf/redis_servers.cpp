#include "conf/redis_servers.h"

#include <string>

#include "client/config.h"
#include "ngx/pool.h"
#include "ngx/resolve.h"
#include "ngx/text.h"

namespace edge::conf {

using client::RedisConfig;

namespace {

constexpr in_port_t kRedisPort = 6379;
constexpr in_port_t kSentinelPort = 26379;

// Without the brackets of an IPv6 address.
std::string host_of(const ngx_url_t &url)
{
    std::string_view host = url.family == AF_UNIX ? "" : ngx::view(url.host);
    if (host.starts_with('[') && host.ends_with(']')) {
        host = host.substr(1, host.size() - 2);
    }
    return std::string(host);
}

client::Server make_server(const ngx_url_t &url)
{
    client::Server server{{host_of(url), url.port}, {}};
    for (ngx_uint_t i = 0; i < url.naddrs; i++) {
        server.addresses.push_back(ngx::copy_address(url.addrs[i]));
    }
    return server;
}

} // namespace

char *refuse_block(ngx_conf_t *cf, const RedisConfig &redis,
                   std::string_view write)
{
    ngx_str_t name = ngx::str(redis.name);
    ngx_str_t what = ngx::str(write);
    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "in \"edge_redis %V\": %V", &name,
                       &what);
    return static_cast<char *>(NGX_CONF_ERROR);
}

char *add_servers(ngx_conf_t *cf, RedisConfig &redis,
                  std::span<const std::string_view> words)
{
    for (const std::string_view word : words) {
        ngx_url_t url{};
        url.url = ngx::str(ngx::pool_copy(cf->pool, word));
        url.no_resolve = 1;
        url.default_port =
            redis.mode == client::Mode::sentinel ? kSentinelPort : kRedisPort;
        if (ngx_parse_url(cf->pool, &url) != NGX_OK) {
            return static_cast<char *>(NGX_CONF_ERROR);
        }
        redis.servers.push_back(make_server(url));
    }
    return redis.servers.empty()
               ? refuse_block(cf, redis, "write a \"server HOST:PORT;\"")
               : NGX_CONF_OK;
}

// The resolver may stand further down in the http block.
char *resolve_servers(ngx_conf_t *cf, RedisConfig &redis)
{
    auto *clcf = static_cast<ngx_http_core_loc_conf_t *>(
        ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module));
    redis.resolver = clcf->resolver;
    if (redis.resolver != nullptr && redis.resolver->connections.nelts > 0) {
        return NGX_CONF_OK;
    }
    redis.resolver = nullptr;
    for (client::Server &server : redis.servers) {
        if (!server.addresses.empty()) {
            continue;
        }
        ngx_url_t url{};
        url.host = ngx::str(server.endpoint.host);
        url.port = server.endpoint.port;
        if (ngx_inet_resolve_host(cf->pool, &url) != NGX_OK) {
            return refuse_block(
                cf, redis,
                "the host \"" + server.endpoint.host +
                    "\" cannot be resolved: write another, or a "
                    "\"resolver\" into the http block");
        }
        server = make_server(url);
    }
    return NGX_CONF_OK;
}

} // namespace edge::conf
