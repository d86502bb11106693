// The servers of an edge_redis block: from words to addresses.
#pragma once

#include <span>
#include <string_view>

#include "ngx/nginx.h"

namespace edge::client {
struct RedisConfig;
}

namespace edge::conf {

// Logs what is wrong with the block as a whole, and what to write. Returns
// NGX_CONF_ERROR.
char *refuse_block(ngx_conf_t *cf, const client::RedisConfig &redis,
                   std::string_view write);

// At the end of the block, as the mode settles the port. Each of `words` is
// something that ngx_parse_url() takes.
char *add_servers(ngx_conf_t *cf, client::RedisConfig &redis,
                  std::span<const std::string_view> words);

// At the end of the http block: names become addresses, or the business of
// its resolver.
char *resolve_servers(ngx_conf_t *cf, client::RedisConfig &redis);

} // namespace edge::conf
